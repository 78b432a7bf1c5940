"""A tenant's Azure subscription in the hands of its owner: to look at, and to meddle with."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.azure import client, engine
from sandbox.azure.azure import Owner
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.resource_types import TYPES
from sandbox.azure.server import EmbeddedAzure

MACHINES = "Microsoft.Compute/virtualMachines"
REGION = "eastus"

type Resource = dict[str, Any]


@dataclass(frozen=True)
class AzureSubscription:
    azure: EmbeddedAzure
    owner: Owner

    @property
    def id(self) -> str:
        return self.owner.subscription_id

    def apply(self, template: str, name: str) -> dict[str, Any]:
        """Apply a template as the owner; return its outputs."""
        azure, owner = self.azure, self.owner
        login = client.Login(self.id, owner.directory_id, owner.client_id, owner.client_secret)
        urls = (azure.arm_url, azure.authority_url, azure.ca_file)
        return client.apply_template(*urls, login, REGION, template, name).outputs

    def machines(self) -> list[Resource]:
        """Every machine that costs money, whoever made it."""
        return self.listed(MACHINES)

    def host_ids(self) -> dict[str, str]:
        """Name of each machine to the host that its tag names."""
        return {one["name"]: one["tags"]["enclave:host"] for one in self.machines()}

    def leftovers(self) -> list[str]:
        """Network interfaces, addresses and disks of machines that are gone."""
        kinds = ("Microsoft.Network/networkInterfaces", "Microsoft.Compute/disks")
        names = tuple(self.host_ids())
        found = [one["name"] for kind in kinds for one in self.listed(kind)]
        return [name for name in found if not name.startswith(names)] if names else found

    def calls(self, action: str = "") -> list[str]:
        """What was asked of this subscription, with the outcome of each call."""
        wanted = {"subscription": self.id, **({"action": action} if action else {})}
        return [f"{call.action} {call.outcome}" for call in self.azure.record.calls(**wanted)]

    def listed(self, kind: str) -> list[Resource]:
        world = self.azure.world
        with world.lock:
            world.tick()
            return copy.deepcopy(world.under(f"/subscriptions/{self.id}", kind))

    def find(self, kind: str, name: str) -> Resource:
        """The one resource of this kind with this name or id."""
        (found,) = [one for one in self.listed(kind) if name in (one["name"], one["id"])]
        return found

    def put(self, resource: Resource) -> None:
        """Write a resource as the owner, by the rules of Azure."""
        world, id = self.azure.world, ResourceId.parse(resource["id"])
        version = sorted(TYPES[id.type.lower()].api_versions)[-1]
        body = {
            key: value for key, value in resource.items() if key not in ("id", "name", "type", "systemData")
        }
        with world.lock:
            engine.put(world, self._caller, id, body, version)
            world.tick()

    def delete(self, resource_id: str) -> None:
        world, id = self.azure.world, ResourceId.parse(resource_id)
        with world.lock:
            engine.delete(world, self._caller, id, sorted(TYPES[id.type.lower()].api_versions)[-1])
            world.tick()

    def change(self, kind: str, name: str, change: Callable[[Resource], None]) -> None:
        """Read a resource, change it, and write it again."""
        resource = self.find(kind, name)
        change(resource)
        self.put(resource)

    def drop(self, resource_id: str) -> None:
        """Have a resource gone, however that came about."""
        with self.azure.world.lock:
            engine.forget(self.azure.world, resource_id)

    @property
    def _caller(self) -> Principal:
        owner = self.owner
        return Principal(owner.object_id, owner.client_id, owner.directory_id, "owner")
