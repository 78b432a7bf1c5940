"""The sandbox's own pages under /_sandbox/: subscriptions, faults, calls, clock, what machines are told."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sandbox.azure.wire import Reply, Request, reply

if TYPE_CHECKING:
    from sandbox.azure.azure import Azure, Owner

PREFIX = "/_sandbox/"
INSTANCES = "instances/"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")

type Body = dict[str, Any]
type Handler = Callable[[Body], object]


class ControlError(Exception):
    """A request to the control pages that makes no sense."""


class Control:
    """What people and other programs may ask of the sandbox itself, without a token."""

    def __init__(self, azure: "Azure") -> None:
        self._azure = azure
        behaviour, clock = azure.behaviour, azure.world.clock
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "subscriptions"): lambda _: [_login(owner) for owner in azure.owners.values()],
            ("POST", "subscriptions"): self._add_subscription,
            ("GET", "faults"): lambda _: azure.faults.waiting(),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _: azure.faults.clear(),
            ("GET", "calls"): lambda wanted: [call.as_dict() for call in azure.record.calls(**wanted)],
            ("DELETE", "calls"): lambda _: azure.record.clear(),
            ("POST", "behaviour"): lambda body: behaviour.change(**body),
            ("POST", "capacity"): lambda body: behaviour.limit_capacity(**body),
            ("POST", "quota"): lambda body: behaviour.limit_quota(**body),
            ("POST", "clock"): lambda body: clock.advance(float(body["seconds"])),
            ("GET", "identity-certificates"): lambda _: azure.metadata.notary.certificates(),
            ("GET", "instances"): lambda _: azure.metadata.every_running(),
            ("POST", "reset"): lambda _: azure.reset(),
        }

    def answer(self, request: Request) -> Reply:
        host = request.headers.get("host", "").rsplit(":", 1)[0]
        noun = request.path.removeprefix(PREFIX).strip("/")
        handler = self._handlers.get((request.method, noun))
        if host in LOOPBACK_HOSTS and noun.startswith(INSTANCES):
            return self._azure.metadata.answer(request, noun)
        if host not in LOOPBACK_HOSTS or handler is None:
            return _problem(HTTPStatus.NOT_FOUND, "There is no such page.")
        try:
            told = handler(_body_of(request))
        except (ControlError, AttributeError, KeyError, TypeError, ValueError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))
        return reply(HTTPStatus.OK, {} if told is None else told)

    def _add_subscription(self, body: Body) -> object:
        return _login(self._azure.add_subscription(body["subscription_id"], body["directory_id"]))

    def _add_fault(self, body: Body) -> object:
        self._azure.faults.add(**body)
        return self._azure.faults.waiting()


def _body_of(request: Request) -> Body:
    if request.method == "GET":
        return dict(request.query)
    # A page in a browser cannot send this content type to us without asking first.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ControlError("The body must be application/json.")
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ControlError("The body must be an object.")
    return body


def _login(owner: "Owner") -> dict[str, str]:
    return {
        "subscription_id": owner.subscription_id,
        "directory_id": owner.directory_id,
        "client_id": owner.client_id,
        "client_secret": owner.client_secret,
    }


def _problem(status: HTTPStatus, text: str) -> Reply:
    return reply(status, {"error": text})
