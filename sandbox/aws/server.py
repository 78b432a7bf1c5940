"""The pretend AWS as an object: start it in a thread, add accounts, ask what happened."""

import re
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import boto3
from werkzeug.serving import make_server

from sandbox.aws import engine, patches
from sandbox.aws.behaviour import BEHAVIOUR, Behaviour
from sandbox.aws.cloudformation import Stacks
from sandbox.aws.control import Control
from sandbox.aws.credentials import Credentials
from sandbox.aws.faults import Faults
from sandbox.aws.gate.gate import Gate
from sandbox.aws.record import CallRecord

LOOPBACK = ("127.0.0.1", "::1")
PORTAL_USER = "enclave-portal"


class _QuietHandler(engine.MotoRequestHandler):
    """Writes no line per request: the record of calls says more."""

    wbufsize = -1  # head and body leave together; the caller is woken once

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass(frozen=True)
class PortalIdentity:
    """The user as whom the portal calls AWS; trust policies name its ARN."""

    account_id: str
    arn: str
    credentials: Credentials


class EmbeddedAws:
    """One server on a loopback port. Its accounts live as long as the process: use new ids, not a reset."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", portal_account: str | None = None) -> None:
        if host not in LOOPBACK:
            raise ValueError("The sandbox has no secrets worth the name, so it listens on loopback only.")
        if portal_account:
            BEHAVIOUR.portal_account = portal_account
        patches.apply()
        self.gate = Gate(engine.application())
        self.stacks = Stacks(self.client)
        self._server = make_server(host, port, Control(self), threaded=True, request_handler=_QuietHandler)
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True, name="sandbox-aws"
        )
        self._session: Any = boto3.Session()
        # A session may be shared by threads, but not while it makes a client.
        self._making_clients = threading.Lock()

    @property
    def behaviour(self) -> Behaviour:
        return BEHAVIOUR

    @property
    def faults(self) -> Faults:
        return self.gate.faults

    @property
    def record(self) -> CallRecord:
        return self.gate.record

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def add_account(self, account_id: str) -> Credentials:
        """An account and its root key; the same key if the account is there already."""
        if not re.fullmatch(r"\d{12}", account_id):
            raise ValueError(f"{account_id!r} is not an AWS account id: twelve digits.")
        return self.gate.identities.add_account(account_id)

    def add_portal(self, account_id: str | None = None) -> PortalIdentity:
        """The vendor's own account with the user `enclave-portal`, who may assume enclave roles."""
        account = account_id or BEHAVIOUR.portal_account
        self.add_account(account)
        backend = engine.iam(account)
        if PORTAL_USER not in backend.users:
            backend.create_user("us-east-1", PORTAL_USER)
            backend.put_user_policy(PORTAL_USER, "assume-enclave-roles", _assume_enclave_roles())
            backend.create_access_key(PORTAL_USER)
        key = backend.users[PORTAL_USER].access_keys[0]
        credentials = Credentials(key.access_key_id, key.secret_access_key)
        self.gate.identities.add_user_key(account, PORTAL_USER, credentials)
        return PortalIdentity(account, f"arn:aws:iam::{account}:user/{PORTAL_USER}", credentials)

    def client(self, service: str, account_id: str, region: str = "us-east-1") -> Any:
        """A boto3 client with the account's root key."""
        credentials = self.add_account(account_id)
        with self._making_clients:
            return self._session.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
            )

    def regions(self) -> list[str]:
        return list(self._session.get_available_regions("ec2"))

    def reset(self) -> None:
        """Forget calls, faults and settings. What accounts hold stays: resetting the engine takes seconds."""
        self.faults.clear()
        self.record.clear()
        BEHAVIOUR.reset()


def _assume_enclave_roles() -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Resource": "arn:aws:iam::*:role/enclave-*"}]}'
    )
