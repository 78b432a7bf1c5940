"""Whatever stands in a body is taken or refused in Azure's words; nothing breaks the sandbox."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from sandbox.azure.errors import ArmError
from tests.sandbox.azure.types import bodies
from tests.sandbox.azure.types.bodies import SCOPE, id_of, spoiled

NUMBER = "00000000-0000-4000-8000-00000000000a"
NONSENSE = (
    "",
    "x",
    0,
    -1,
    True,
    [],
    {},
    [None],
    [{}],
    ["x"],
    [[]],
    {"id": None},
    {"x": "y"},
    [{"properties": None}],
)
IDENTITY = f"{bodies.IDENTITY}/who"
A_RULE = {
    "name": "expire",
    "type": "Lifecycle",
    "definition": {
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 31}}},
        "filters": {"blobTypes": ["blockBlob"]},
    },
}
POLICY = {"properties": {"policy": {"rules": [A_RULE]}}}
ROTATION = {
    "attributes": {"expiryTime": "P90D"},
    "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "rotate"}}],
}
LOCKED = bodies.account(
    networkAcls={"virtualNetworkRules": [{"id": bodies.SUBNET}]},
    encryption={
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": id_of(IDENTITY)},
        "keyvaultproperties": {"keyvaulturi": "https://vault-g.vault.azure.net", "keyname": "disk"},
    },
)
SETTINGS = {
    f"{bodies.NSG}/wall": bodies.security_group(),
    f"{bodies.ADDRESS}/out": bodies.public_address(),
    f"{bodies.GATEWAY}/way": bodies.nat_gateway("there"),
    f"{bodies.NETWORK}/new": bodies.network(
        bodies.subnet("s", serviceEndpoints=[{"service": "Microsoft.Storage"}])
    ),
    f"{bodies.INTERFACE}/nic": bodies.interface(
        bodies.configuration(), bodies.configuration("v6", primary=False, version="IPv6")
    ),
    f"{bodies.INTERFACE}/fixed": bodies.interface(
        bodies.configuration(
            privateIPAllocationMethod="Static",
            privateIPAddress="10.1.0.99",
            publicIPAddress={"id": id_of(f"{bodies.ADDRESS}/there")},
        )
    ),
    f"{bodies.MACHINE}/m": {
        **bodies.machine(),
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {id_of(IDENTITY): {}}},
    },
    f"{bodies.MACHINE}/c": bodies.confidential_machine("c"),
    f"{bodies.DISK_SET}/set": bodies.disk_set("https://vault-g.vault.azure.net/keys/disk/" + "0" * 32),
    f"{bodies.VAULT}/vault-n": bodies.vault(
        networkAcls={"bypass": "None", "ipRules": [{"value": "1.2.3.4"}]}
    ),
    f"{bodies.VAULT}/vault-g/keys/k": bodies.key(rotationPolicy=ROTATION),
    IDENTITY: {"location": "eastus", "tags": {"a": "b"}},
    f"{IDENTITY}/federatedIdentityCredentials/fic": bodies.credential(),
    f"{SCOPE}/providers/{bodies.ROLE}/{NUMBER}": bodies.role(),
    f"{SCOPE}/providers/{bodies.ASSIGNMENT}/{NUMBER}": bodies.assignment(NUMBER),
    f"{bodies.ACCOUNT}/archive2": LOCKED,
    f"{bodies.ACCOUNT}/archive1/blobServices/default": {
        "properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    },
    f"{bodies.ACCOUNT}/archive1/blobServices/default/containers/logs": {
        "properties": {"publicAccess": "None"}
    },
    f"{bodies.ACCOUNT}/archive1/managementPolicies/default": POLICY,
}


@pytest.fixture
def stage(cloud, key, network):
    cloud.put(f"{bodies.ADDRESS}/there", bodies.public_address())
    cloud.put(f"{bodies.ACCOUNT}/archive1", bodies.account())
    cloud.put(IDENTITY, SETTINGS[IDENTITY])
    return cloud


def places(body: Any, path: str = "") -> Iterator[str]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    # An id as a key would be read as a path of its own.
    for name, inner in ((name, inner) for name, inner in items if "/" not in str(name)):
        yield f"{path}{name}"
        yield from places(inner, f"{path}{name}.")


@pytest.mark.parametrize("name", SETTINGS)
def test_nonsense_is_refused_in_azures_words(stage, name):
    for path in places(SETTINGS[name]):
        for value in (None, *NONSENSE):
            with suppress(ArmError):
                stage.start(name, spoiled(SETTINGS[name], path, value))
            stage.world.tick()

    assert stage.world.get(bodies.GROUP)["properties"]["provisioningState"] == "Succeeded"
