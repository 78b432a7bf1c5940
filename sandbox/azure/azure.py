"""The pretend Azure without a socket: its world, its directories, its front door, its control pages."""

import re
import secrets
import uuid
from dataclasses import dataclass, field

from sandbox.azure import groups, types
from sandbox.azure.arm.app import Arm
from sandbox.azure.behaviour import Behaviour
from sandbox.azure.control import INSTANCES, PREFIX, Control
from sandbox.azure.entra import Entra
from sandbox.azure.faults import Faults
from sandbox.azure.federation import Federation, Fetch
from sandbox.azure.metadata import Metadata
from sandbox.azure.principals import Principal
from sandbox.azure.rbac import ASSIGNMENTS, OWNER
from sandbox.azure.record import CallRecord
from sandbox.azure.wire import Reply, Request, reply
from sandbox.azure.world import Subscription, World

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Importing them fills the table of types.
MODELLED = (groups, types)


@dataclass(frozen=True)
class Owner:
    """Who may do everything in a subscription: what `az login` gives a tenant's administrator."""

    subscription_id: str
    directory_id: str
    client_id: str
    object_id: str
    client_secret: str = field(repr=False)


class Azure:
    """Answers requests, wherever they come from. `fetch` gets the documents of issuers, for tests."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self.world = World()
        self.federation = Federation(self.world, fetch)
        self.entra = Entra(self.world, self.federation)
        self.arm = Arm(self.world, self.entra)
        self.metadata = Metadata(self.world)
        self.owners: dict[str, Owner] = {}
        self._control = Control(self)

    @property
    def behaviour(self) -> Behaviour:
        return self.world.behaviour

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def record(self) -> CallRecord:
        return self.world.record

    def answer(self, request: Request) -> Reply:
        """One request, to Entra, to Resource Manager or to the control pages."""
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if self.entra.answers(request.path):
            return self.entra.answer(request)
        return self.arm.answer(request)

    def answer_machine(self, request: Request) -> Reply:
        """One request of a machine about itself, without TLS."""
        if f"{request.path}/".startswith(PREFIX + INSTANCES):
            return self._control.answer(request)
        return reply(404, {"error": "There is no such page."})

    def trust(self, ca_file: str) -> None:
        """Believe issuers whose certificates this authority signed."""
        self.federation.trust(ca_file)

    def add_subscription(self, subscription_id: str, directory_id: str, name: str = "") -> Owner:
        """A subscription and its owner; the same owner if it is there already."""
        for given in (subscription_id, directory_id):
            if not UUID.fullmatch(given):
                raise ValueError(f"{given!r} is not an id of Azure: a UUID in lower case.")
        with self.world.lock:
            if known := self.owners.get(subscription_id):
                return known
            title = name or f"Subscription {subscription_id[-4:]}"
            self.world.subscriptions[subscription_id] = Subscription(subscription_id, directory_id, title)
            return self._add_owner(subscription_id, directory_id)

    def reset(self) -> None:
        """Forget calls, faults, settings and throttles. What subscriptions hold stays."""
        self.faults.clear()
        self.record.clear()
        self.arm.throttle.clear()
        self.behaviour.reset()
        self.world.clock.reset()

    def _add_owner(self, subscription_id: str, directory_id: str) -> Owner:
        client_id, object_id = str(uuid.uuid4()), str(uuid.uuid4())
        secret = secrets.token_urlsafe(30)
        self.world.principals.add(Principal(object_id, client_id, directory_id, "owner", secret=secret))
        scope, assignment = f"/subscriptions/{subscription_id}", str(uuid.uuid4())
        role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"
        self.world.put(
            {
                "id": f"{scope}/providers/{ASSIGNMENTS}/{assignment}",
                "name": assignment,
                "type": ASSIGNMENTS,
                "properties": {
                    "scope": scope,
                    "roleDefinitionId": role,
                    "principalId": object_id,
                    "principalType": "ServicePrincipal",
                    "provisioningState": "Succeeded",
                },
            }
        )
        owner = self.owners[subscription_id] = Owner(
            subscription_id, directory_id, client_id, object_id, secret
        )
        return owner
