"""All that the pretend Azure holds: subscriptions, resources, principals, operations."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.azure import locations
from sandbox.azure.behaviour import Behaviour
from sandbox.azure.clock import Clock
from sandbox.azure.errors import ArmError, group_not_found
from sandbox.azure.faults import Faults
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Operations
from sandbox.azure.principals import Principals
from sandbox.azure.record import CallRecord
from sandbox.azure.store import Resource, Store

FEATURES = "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations"
REGISTERED = ("Microsoft.Resources", "Microsoft.Authorization", "Microsoft.Features")


@dataclass
class Subscription:
    """`providers` holds the registration state by lower-case namespace; some are registered everywhere."""

    id: str
    directory: str
    name: str
    tags: dict[str, str] = field(default_factory=dict)
    providers: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(map(str.lower, REGISTERED), "Registered")
    )

    @property
    def path(self) -> str:
        return f"/subscriptions/{self.id}"

    def body(self) -> Resource:
        return {
            "id": self.path,
            "subscriptionId": self.id,
            "tenantId": self.directory,
            "displayName": self.name,
            "state": "Enabled",
            "authorizationSource": "RoleBased",
            "tags": self.tags,
        }


class World:
    """Hold `lock` while reading or changing it; `tick` first, so that what is due has happened."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.behaviour = Behaviour()
        self.faults = Faults()
        self.record = CallRecord()
        self.base_url = "https://management.azure.com"
        self.store = Store()
        self.operations = Operations(self.clock)
        self.principals = Principals()
        self.subscriptions: dict[str, Subscription] = {}
        # Deployments by lower-case id; they are asked for, not stored as resources.
        self.deployments: dict[str, Any] = {}
        # (kind, lower-case name) to the id of who has it, for names that are unique in all of Azure.
        self.taken_names: dict[tuple[str, str], str] = {}

    def tick(self) -> None:
        """Let everything happen whose time has come."""
        self.operations.tick()

    def seconds(self, nominal: float) -> float:
        """How long something takes at the sandbox's pace."""
        return nominal * self.behaviour.pace

    def get(self, resource_id: str) -> Resource | None:
        return self.store.get(resource_id)

    def need(self, resource_id: str) -> Resource:
        """The resource, or the ArmError that Azure answers with."""
        if found := self.store.get(resource_id):
            return found
        wanted = ResourceId.parse(resource_id)
        if wanted.group and self.store.get(wanted.group_id) is None:
            raise group_not_found(wanted.group)
        what = f"{wanted.type}/{'/'.join(wanted.names)}"
        text = f"The Resource '{what}' under resource group '{wanted.group}' was not found."
        raise ArmError(404, "ResourceNotFound", text)

    def put(self, resource: Resource) -> None:
        self.store.put(resource)

    def drop(self, resource_id: str) -> None:
        """Forget one resource and its identities, without asking its type."""
        self.store.drop(resource_id)
        self.principals.drop_those_of(resource_id)

    def under(self, scope: str, kind: str = "") -> list[Resource]:
        return self.store.under(scope, kind)

    def of_type(self, kind: str) -> list[Resource]:
        return self.store.of_type(kind)

    def referrers(self, resource_id: str) -> list[str]:
        return self.store.referrers(resource_id)

    def facts(self, resource_id: str) -> dict[str, Any]:
        return self.store.facts(resource_id)

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises the ArmError for one that does not exist."""
        if found := self.subscriptions.get(subscription_id.lower()):
            return found
        text = f"The subscription '{subscription_id}' could not be found."
        raise ArmError(404, "SubscriptionNotFound", text)

    def zones(self, subscription: str, location: str) -> dict[str, str]:
        """Logical to physical zone."""
        return locations.zones(subscription, location)

    def has_feature(self, subscription: str, namespace: str, feature: str) -> bool:
        path = f"/subscriptions/{subscription}/providers/{FEATURES.split('/', 1)[0]}/featureProviders"
        found = self.get(f"{path}/{namespace}/subscriptionFeatureRegistrations/{feature}")
        return found is not None and found["properties"]["state"] == "Registered"

    def new_id(self) -> str:
        return str(uuid.uuid4())
