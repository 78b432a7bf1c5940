"""Resource Manager's front door: who calls, how often, where to; then the page that answers."""

import time
import uuid
from dataclasses import replace

from sandbox.azure.arm.call import Call
from sandbox.azure.arm.routes import Visit, destination
from sandbox.azure.entra import Entra
from sandbox.azure.errors import ArmError
from sandbox.azure.principals import Principal
from sandbox.azure.throttling import Throttle
from sandbox.azure.wire import Reply, Request, reply
from sandbox.azure.world import Subscription, World


class Arm:
    """Answers one call after the other: the world changes under its lock only."""

    def __init__(self, world: World, entra: Entra) -> None:
        self._world = world
        self._entra = entra
        self.throttle = Throttle(world.clock.now)

    def answer(self, request: Request) -> Reply:
        given = self._answer(request)
        own = {
            "x-ms-request-id": str(uuid.uuid4()),
            "x-ms-correlation-request-id": request.headers.get(
                "x-ms-correlation-request-id", str(uuid.uuid4())
            ),
        }
        return replace(given, headers={**own, **given.headers})

    def _answer(self, request: Request) -> Reply:
        try:
            caller = self._entra.caller(request.headers.get("authorization", ""))
            visit = destination(Call(self._world, request, caller))
        except ArmError as error:
            return _refusal(error)
        try:
            given, outcome = self._visit(visit), "ok"
        except ArmError as error:
            given, outcome = _refusal(error), error.code
        self._record(visit, outcome)
        return given

    def _visit(self, visit: Visit) -> Reply:
        with self._world.lock:
            left = self._admit(visit)
        fault = self._world.faults.take(visit.subscription, visit.action)
        if fault:
            time.sleep(fault.delay)
        if fault and (error := fault.as_error()):
            raise error
        with self._world.lock:
            self._world.tick()
            given = visit.handler(visit.call)
        return replace(given, headers={**given.headers, **left}, cut=fault is not None and fault.cut)

    def _admit(self, visit: Visit) -> dict[str, str]:
        """The caller belongs here and does not come too often; how much is left, as headers."""
        if not visit.call.api_version:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmError(400, "MissingApiVersionParameter", text)
        unknown = visit.call.unknown_options()
        if unknown:
            text = f"The sandbox does not model the query option '{unknown[0]}'."
            raise ArmError(400, "InvalidQueryOption", text)
        if not visit.subscription:
            return {}
        self._check_directory(visit.call.caller, visit.call.subscription)
        if not self._world.behaviour.throttling:
            return {}
        return self.throttle.take(visit.subscription, visit.call.caller.object_id, visit.call.method)

    def _check_directory(self, caller: Principal, subscription: Subscription) -> None:
        if caller.directory == subscription.directory:
            return
        base = self._world.base_url
        text = f"The access token is from the wrong issuer '{base}/{caller.directory}/'. It must match"
        text += f" the tenant '{base}/{subscription.directory}/' associated with this subscription."
        where = f'Bearer authorization_uri="{base}/{subscription.directory}", error="invalid_token"'
        headers = {"WWW-Authenticate": where}
        raise ArmError(401, "InvalidAuthenticationTokenTenant", text, headers=headers)

    def _record(self, visit: Visit, outcome: str) -> None:
        caller = visit.call.caller
        self._world.record.add(
            subscription=visit.subscription,
            principal=caller.object_id,
            role=caller.role,
            action=visit.action,
            resource=visit.call.path,
            outcome=outcome,
        )


def _refusal(error: ArmError) -> Reply:
    return reply(error.status, error.body(), {"x-ms-failure-cause": "gateway", **error.headers})
