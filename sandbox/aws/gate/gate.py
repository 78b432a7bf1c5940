"""The gate itself: authenticate, authorize, then let somebody answer, and remember it."""

import io
import logging
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterable

from sandbox.aws import engine
from sandbox.aws.faults import Fault, Faults
from sandbox.aws.gate.authorization import authorize
from sandbox.aws.gate.call import Call, Plan, base_context
from sandbox.aws.gate.identities import Identities, Principal
from sandbox.aws.gate.services import ec2, iam, kms, others, s3, ssm, sts
from sandbox.aws.gate.signature import read_signature, verify
from sandbox.aws.patches.launching import launch_verdict
from sandbox.aws.record import CallRecord
from sandbox.aws.wire import AwsError, Environ, Reply, Request, StartResponse, error_reply, outcome_of

SERVICES = {
    "ec2": ec2.plan,
    "iam": iam.plan,
    "kms": kms.plan,
    "s3": s3.plan,
    "ssm": ssm.plan,
    "sts": sts.plan,
}
CATALOGUE = ("ec2:DescribeInstanceTypes", "ec2:DescribeInstanceTypeOfferings")
# The engine's own control pages: whoever holds a key could reset everybody's account.
ENGINE_PATHS = ("/moto-api", "/latest/meta-data", "/latest/api")
logger = logging.getLogger(__name__)
NO_KEY_ACCESS = "Client.InternalError: Client error on launch"


class Gate:
    """A WSGI application: authenticate, authorize, then let the engine or the gate itself answer."""

    def __init__(self, app: engine.WsgiApplication) -> None:
        self.identities = Identities()
        self.faults = Faults()
        self.record = CallRecord()
        self._app = app
        # What AWS offers never changes here, and the engine takes seconds to write it down.
        self._catalogue: dict[tuple[str, ...] | None, Reply] = {}
        # The engine is not safe for threads, so one call at a time changes an account.
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = Request.read(environ)
        reply, cut = self._serve(request)
        if cut:
            _hang_up(environ)
        start_response(reply.status, reply.headers)
        return [reply.body]

    def _serve(self, request: Request) -> tuple[Reply, bool]:
        try:
            principal = self._authenticate(request)
        except AwsError as error:
            return error_reply(request, error), False
        try:
            call = Call(principal, request, base_context(principal, request), self.identities)
            plan = SERVICES.get(request.service, others.plan)(call)
        except AwsError as error:
            action = f"{request.service}:{request.operation}"
            return self._recorded(principal, request, Plan(action), error_reply(request, error)), False
        fault = self.faults.take(plan.account or principal.account, plan.action)
        reply = self._reply(call, plan, fault)
        return self._recorded(principal, request, plan, reply), bool(fault and fault.cut)

    def _authenticate(self, request: Request) -> Principal:
        """Raises AwsError; from here on the request knows its service and region."""
        signature = read_signature(request)
        request.service, request.region = signature.service, signature.region
        principal, secret = self.identities.find(signature.access_key_id, signature.token)
        verify(request, signature, secret)
        if request.path.startswith(ENGINE_PATHS):
            raise AwsError("AccessDenied", "This path belongs to the engine.")
        return principal

    def _reply(self, call: Call, plan: Plan, fault: Fault | None) -> Reply:
        try:
            if fault:
                _suffer(fault)
            return self._execute(call, plan)
        except AwsError as error:
            return error_reply(call.request, error)

    def _execute(self, call: Call, plan: Plan) -> Reply:
        with self._locks[plan.account or call.account]:
            for check in plan.checks:
                authorize(call.principal, check)
            if plan.answer:
                return plan.answer()
            key = _catalogue_key(call, plan)
            if key in self._catalogue:
                return self._catalogue[key]
            with launch_verdict(self._launch_problem(call, plan)):
                reply = self._ask_engine(call, plan)
            if key and reply.outcome == "ok":
                self._catalogue[key] = reply
            if plan.afterwards and reply.outcome == "ok":
                plan.afterwards(reply)
            return reply

    def _launch_problem(self, call: Call, plan: Plan) -> str | None:
        """What will end an accepted launch: keys that EBS may not use in the caller's name."""
        for check in plan.launch_checks:
            try:
                authorize(call.principal, check)
            except AwsError as error:
                self._note(call.principal, call.request, call.account, check.action, error.code)
                return NO_KEY_ACCESS
        return None

    def _ask_engine(self, call: Call, plan: Plan) -> Reply:
        environ = call.request.environ
        environ[engine.ACCOUNT_HEADER] = plan.account or call.account
        environ["wsgi.input"] = io.BytesIO(call.request.body)
        environ["CONTENT_LENGTH"] = str(len(call.request.body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        head: list[tuple[str, list[tuple[str, str]]]] = []
        try:
            body = b"".join(
                self._app(environ, lambda status, headers, _=None: head.append((status, headers)))
            )
        except Exception as error:
            # Whatever the engine stumbles over, the caller gets an answer that says so.
            logger.exception("The engine failed at %s.", call.request.operation)
            raise _not_modelled(call, str(error)) from error
        status, headers = head[0]
        if status.startswith("5") and b"<!doctype html>" in body[:100]:
            raise _not_modelled(call, "see the log of the sandbox")
        return Reply(status, headers, body, outcome_of(status, body))

    def _recorded(self, principal: Principal, request: Request, plan: Plan, reply: Reply) -> Reply:
        self._note(principal, request, plan.account or principal.account, plan.action, reply.outcome)
        return reply

    def _note(self, principal: Principal, request: Request, account: str, action: str, outcome: str) -> None:
        self.record.add(
            account=account,
            region=request.region,
            principal=principal.arn,
            role=principal.name if principal.session else "",
            action=action,
            outcome=outcome,
        )


def _catalogue_key(call: Call, plan: Plan) -> tuple[str, ...] | None:
    """Under what an answer can be kept for ever; None for almost all calls."""
    if plan.action not in CATALOGUE:
        return None
    by_name = call.request.parameters.get("LocationType") == "availability-zone"
    return call.region, call.account if by_name else "", call.request.body.decode("utf-8", "replace")


def _not_modelled(call: Call, why: str) -> AwsError:
    name = f"{call.request.service}:{call.request.operation}"
    return AwsError("NotImplemented", f"The sandbox does not model this use of {name}: {why}", 501)


def _suffer(fault: Fault) -> None:
    if fault.delay:
        time.sleep(fault.delay)
    if error := fault.as_error():
        raise error


def _hang_up(environ: Environ) -> None:
    """The call is done, but its answer gets lost on the way."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
