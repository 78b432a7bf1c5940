"""A subscription with a resource group, and an owner who writes into it."""

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.azure import engine
from sandbox.azure.azure import Azure
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import TYPES
from sandbox.azure.world import FEATURES, World
from tests.sandbox.azure.types import bodies

PROVIDERS = ("Compute", "KeyVault", "ManagedIdentity", "Network", "Storage")


@dataclass
class Cloud:
    """What an owner does with it; a name without a slash in front is one in the resource group."""

    world: World
    owner: Principal

    def start(self, name: str, body: dict[str, Any]) -> engine.Answer:
        """Answer as Azure does at once."""
        where = _id(name)
        return engine.put(self.world, self.owner, where, body, _version(where))

    def put(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """The resource when all is done; raises ArmError if that fails late, too."""
        operation = self.start(name, body).operation
        self.world.tick()
        if operation and operation.error:
            raise ArmError(409, operation.error["code"], operation.error["message"])
        return self.get(name)

    def get(self, name: str) -> dict[str, Any] | None:
        return self.world.get(_id(name).text)

    def delete(self, name: str) -> None:
        engine.delete(self.world, self.owner, _id(name), _version(_id(name)))
        self.world.tick()

    def refusal(self, name: str, body: dict[str, Any]) -> str:
        """The code that a body is refused with, having checked that nothing came of it."""
        before = self._everything()
        with pytest.raises(ArmError) as refused:
            self.put(name, body)
        assert self._everything() == before
        return refused.value.code

    def stays(self, name: str) -> str:
        """The code that a deletion is refused with."""
        with pytest.raises(ArmError) as refused:
            self.delete(name)
        assert self.get(name)["properties"]["provisioningState"] == "Succeeded"
        return refused.value.code

    def _everything(self) -> list[str]:
        return [item["id"] for item in self.world.under(bodies.SCOPE)]


def _id(name: str) -> ResourceId:
    return ResourceId.parse(name if name.startswith("/") else bodies.id_of(name))


def _version(where: ResourceId) -> str:
    return TYPES[where.type.lower()].api_versions[0]


@pytest.fixture
def cloud():
    azure = Azure()
    owner = azure.add_subscription(bodies.SUBSCRIPTION, bodies.DIRECTORY)
    subscription = azure.world.subscriptions[bodies.SUBSCRIPTION]
    subscription.providers |= {f"microsoft.{name.lower()}": "Registered" for name in PROVIDERS}
    cloud = Cloud(azure.world, azure.world.principals.get(owner.object_id))
    cloud.put(bodies.GROUP, {"location": "eastus"})
    return cloud


@pytest.fixture
def feature(cloud):
    """Encryption at host, registered."""
    namespace, _, kind = FEATURES.partition("/")
    path = f"{bodies.SCOPE}/providers/{namespace}/{kind.replace('/', '/Microsoft.Compute/')}"
    cloud.put(f"{path}/EncryptionAtHost", {})


@pytest.fixture
def network(cloud):
    return cloud.put(f"{bodies.NETWORK}/net", bodies.network())


@pytest.fixture
def key(cloud):
    """A key in a vault that can wrap disks, for whoever is given the role."""
    cloud.put(f"{bodies.VAULT}/vault-g", bodies.vault())
    return cloud.put(f"{bodies.VAULT}/vault-g/keys/disk", bodies.key())


@pytest.fixture
def grant(cloud):
    """Give a principal the use of the vault's keys, or another role somewhere else."""
    numbers = iter(range(1, 100))

    def give(principal, guid=bodies.CRYPTO_USER, where=f"{bodies.VAULT}/vault-g"):
        name = f"00000000-0000-4000-8000-{next(numbers):012}"
        scope = where if where.startswith("/") else bodies.id_of(where)
        return cloud.put(f"{scope}/providers/{bodies.ASSIGNMENT}/{name}", bodies.assignment(principal, guid))

    return give


@pytest.fixture
def disk_set(cloud, key, grant):
    """A disk encryption set whose identity may use its key."""
    made = cloud.put(f"{bodies.DISK_SET}/set", bodies.disk_set(key["properties"]["keyUriWithVersion"]))
    grant(made["identity"]["principalId"])
    return made
