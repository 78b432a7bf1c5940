"""What the sandbox takes is what Azure knows: each shape, filled in, against Microsoft's own types."""

import pytest

from sandbox.azure.types import authorization, identities, key_vault
from sandbox.azure.types.compute import disks, encryption_sets, machine_shape
from sandbox.azure.types.network import (
    interfaces,
    nat_gateways,
    public_addresses,
    security_groups,
    virtual_networks,
)
from sandbox.azure.types.shapes import KEPT, READ_ONLY, AnyKeys, Choice
from sandbox.azure.types.storage import accounts, containers, lifecycles
from tests.enclaves.azure_types import FILE, MISSING, AzureTypes
from tests.sandbox.azure.types import bodies

MOST_WORDS = 6
TYPES = AzureTypes.read() if FILE.exists() else None
# The texts that fill a shape are no ids and no names.
ABOUT_THE_EXAMPLE = ("is too short or too long", "does not match", "must be 'default'")
NEEDS_TYPES = pytest.mark.skipif(not FILE.exists(), reason=MISSING)

SHAPES = {
    f"{bodies.NSG}@2025-07-01": security_groups.SHAPE,
    f"{bodies.ADDRESS}@2025-07-01": public_addresses.SHAPE,
    f"{bodies.GATEWAY}@2025-07-01": nat_gateways.SHAPE,
    f"{bodies.NETWORK}@2025-07-01": virtual_networks.SHAPE,
    f"{bodies.INTERFACE}@2025-07-01": interfaces.SHAPE,
    f"{bodies.MACHINE}@2025-11-01": machine_shape.SHAPE,
    f"{bodies.DISK}@2025-01-02": disks.SHAPE,
    f"{bodies.DISK_SET}@2025-01-02": encryption_sets.SHAPE,
    f"{bodies.VAULT}@2025-05-01": key_vault.SHAPE,
    f"{bodies.VAULT}/keys@2025-05-01": key_vault.KEY_SHAPE,
    f"{bodies.ACCOUNT}@2025-08-01": accounts.SHAPE,
    f"{containers.SERVICE}@2025-08-01": containers.SERVICE_SHAPE,
    f"{containers.NAME}@2025-08-01": containers.SHAPE,
    f"{lifecycles.NAME}@2025-08-01": lifecycles.SHAPE,
    f"{bodies.IDENTITY}@2024-11-30": identities.SHAPE,
    f"{identities.CREDENTIAL}@2024-11-30": identities.CREDENTIAL_SHAPE,
    f"{bodies.ROLE}@2022-04-01": authorization.DEFINITION_SHAPE,
    f"{bodies.ASSIGNMENT}@2022-04-01": authorization.ASSIGNMENT_SHAPE,
}


def filled(shape, turn):
    """A body with everything that a shape knows, and of each choice the word whose turn it is."""
    match shape:
        case Choice():
            return shape.words[turn % len(shape.words)]
        case AnyKeys():
            return {"any": filled(shape.value, turn)}
        case list():
            return [filled(shape[0], turn)] if shape[0] else []
        case dict():
            known = {name: value for name, value in shape.items() if value not in (READ_ONLY, KEPT)}
            return {name: filled(value, turn) for name, value in known.items()}
    return {str: "text", int: 1, bool: True}[shape]


@NEEDS_TYPES
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("turn", range(MOST_WORDS))
def test_azure_knows_what_the_sandbox_takes(name, turn):
    kind, version = name.split("@")

    remarks = [str(remark) for remark in TYPES.remarks(kind, version, filled(SHAPES[name], turn))]

    assert [r for r in remarks if not any(about in r for about in ABOUT_THE_EXAMPLE)] == []
