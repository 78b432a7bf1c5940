"""The sandbox's own pages under /_sandbox/: accounts, stacks, faults, calls, and what instances are told.

All else goes to the gate.
"""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sandbox.aws.client import PREFIX
from sandbox.aws.cloudformation import StackError
from sandbox.aws.metadata import Metadata, living_instances
from sandbox.aws.wire import Environ, Reply, Request, StartResponse, json_reply

if TYPE_CHECKING:
    from sandbox.aws.server import EmbeddedAws

INSTANCES = "instances/"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
logger = logging.getLogger(__name__)

type Body = dict[str, Any]
type Handler = Callable[[Body], object]


class ControlError(Exception):
    """A request to the control pages that makes no sense."""


class Control:
    """A WSGI application in front of the gate."""

    def __init__(self, aws: "EmbeddedAws") -> None:
        self._aws = aws
        self._metadata = Metadata()
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "accounts"): self._accounts,
            ("POST", "accounts"): self._add_account,
            ("POST", "portal"): self._add_portal,
            ("GET", "stacks"): lambda _: [stack.as_dict() for stack in aws.stacks.listed()],
            ("POST", "stacks"): self._apply_stack,
            ("DELETE", "stacks"): self._delete_stack,
            ("GET", "faults"): lambda _: aws.faults.waiting(),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _: aws.faults.clear(),
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda _: aws.record.clear(),
            ("POST", "behaviour"): lambda body: aws.behaviour.change(**body),
            ("POST", "capacity"): lambda body: aws.behaviour.limit_capacity(**body),
            ("GET", "identity-certificates"): self._identity_certificate,
            ("GET", "instances"): lambda _: living_instances(),
            ("POST", "reset"): lambda _: aws.reset(),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PREFIX):
            return self._aws.gate(environ, start_response)
        reply = self._answer(Request.read(environ), path.removeprefix(PREFIX).strip("/"))
        start_response(reply.status, reply.headers)
        return [reply.body]

    def _answer(self, request: Request, noun: str) -> Reply:
        host = (request.header("host") or "").rsplit(":", 1)[0]
        handler = self._handlers.get((request.method, noun))
        if host in LOOPBACK_HOSTS and noun.startswith(INSTANCES):
            return self._metadata.answer(request, noun)
        if host not in LOOPBACK_HOSTS or handler is None:
            return _problem(HTTPStatus.NOT_FOUND, "There is no such page.")
        try:
            return json_reply(handler(_body_of(request)))
        except StackError as error:
            return json_reply({"error": str(error), "events": error.events}, "422 Unprocessable Content")
        except (ControlError, KeyError, TypeError, ValueError) as error:
            return _problem(HTTPStatus.BAD_REQUEST, str(error))

    def _accounts(self, _: Body) -> object:
        return [_keys(account, key) for account, key in self._aws.gate.identities.accounts().items()]

    def _add_account(self, body: Body) -> object:
        return _keys(body["account"], self._aws.add_account(body["account"]))

    def _add_portal(self, body: Body) -> object:
        portal = self._aws.add_portal(body.get("account"))
        return {**_keys(portal.account_id, portal.credentials), "arn": portal.arn}

    def _apply_stack(self, body: Body) -> object:
        return self._aws.stacks.apply(
            self._account(body),
            body["region"],
            body["stack_name"],
            body["template"],
            body.get("parameters") or {},
        ).as_dict()

    def _delete_stack(self, body: Body) -> object:
        return self._aws.stacks.delete(self._account(body), body["region"], body["stack_name"]).as_dict()

    def _account(self, body: Body) -> str:
        """The account by its id, or by its root key: only root runs stacks here."""
        if account := body.get("account"):
            if account not in self._aws.gate.identities.accounts():
                raise ControlError(f"The sandbox has no account {account}.")
            return str(account)
        found = self._aws.gate.identities.root_account(body["access_key_id"])
        if found is None:
            raise ControlError("Stacks run with the root key of an account of the sandbox.")
        return found

    def _identity_certificate(self, wanted: Body) -> object:
        """With which the documents about instances in a region are to be verified."""
        region = wanted["region"]
        if region not in self._aws.regions():
            raise ControlError(f"There is no region {region}.")
        return {region: self._metadata.notary.certificate(region)}

    def _add_fault(self, body: Body) -> object:
        self._aws.faults.add(**body)
        return self._aws.faults.waiting()

    def _calls(self, wanted: Body) -> object:
        return [call.as_dict() for call in self._aws.record.calls(**wanted)]


def _body_of(request: Request) -> Body:
    if request.method == "GET":
        return dict(request.query)
    # A page in a browser cannot send this content type to us without asking first.
    if not (request.header("content-type") or "").startswith("application/json"):
        raise ControlError("The body must be application/json.")
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ControlError("The body must be an object.")
    return body


def _keys(account: str, credentials: Any) -> dict[str, str]:
    return {
        "account_id": account,
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
    }


def _problem(status: HTTPStatus, text: str) -> Reply:
    return json_reply({"error": text}, f"{status.value} {status.phrase}")
