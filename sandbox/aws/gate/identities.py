"""Who may call: root keys, users' keys and assumed roles, and the policies that each of them has."""

import base64
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sandbox.aws import engine
from sandbox.aws.credentials import Credentials, new_credentials
from sandbox.aws.gate.policy import Document
from sandbox.aws.wire import AwsError

ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/.+")
INVALID = AwsError("InvalidClientTokenId", "The security token included in the request is invalid.")


class Kind(StrEnum):
    """The words are the values of `aws:PrincipalType`."""

    ROOT = "Account"
    USER = "User"
    ROLE = "AssumedRole"


@dataclass(frozen=True)
class Session:
    """What AssumeRole was asked to narrow or to remember."""

    role_arn: str
    role_id: str
    name: str
    expires_at: datetime
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """Somebody who proved to hold a key."""

    account: str
    kind: Kind
    arn: str
    name: str
    user_id: str
    session: Session | None = None

    @property
    def role_arn(self) -> str | None:
        return self.session.role_arn if self.session else None


@dataclass(frozen=True)
class Policies:
    """What a principal's own policies grant, and each limit that must agree as well."""

    granted: list[Document]
    limits: list[list[Document]]


class Identities:
    """The index of access keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roots: dict[str, Credentials] = {}
        self._keys: dict[str, tuple[str, Credentials, Session | str | None]] = {}

    def add_account(self, account: str) -> Credentials:
        """The account's root key; the same one however often it is asked for."""
        with self._lock:
            if account not in self._roots:
                self._roots[account] = new_credentials("AKIA")
                self._keys[self._roots[account].access_key_id] = (account, self._roots[account], None)
        engine.iam(account)
        return self._roots[account]

    def accounts(self) -> dict[str, Credentials]:
        return dict(self._roots)

    def root_account(self, access_key_id: str) -> str | None:
        """The account whose root key this is."""
        return next((a for a, root in self._roots.items() if root.access_key_id == access_key_id), None)

    def add_user_key(self, account: str, user: str, credentials: Credentials) -> None:
        self._keys[credentials.access_key_id] = (account, credentials, user)

    def open_session(self, account: str, session: Session) -> Credentials:
        """New credentials for a role that somebody was allowed to assume."""
        token = base64.b64encode(secrets.token_bytes(192)).decode()
        credentials = new_credentials("ASIA", token)
        self._keys[credentials.access_key_id] = (account, credentials, session)
        return credentials

    def find(self, access_key_id: str, token: str | None) -> tuple[Principal, str]:
        """Whose key it is, and its secret. Raises AwsError for a key that is unknown, off or expired."""
        account, credentials, holder = self._keys.get(access_key_id) or _refuse()
        if isinstance(holder, Session):
            _check_session(holder, credentials, token)
            return _role_session(account, holder), credentials.secret_access_key
        if isinstance(holder, str):
            return _user(account, holder, access_key_id), credentials.secret_access_key
        root = Principal(account, Kind.ROOT, f"arn:aws:iam::{account}:root", "root", account)
        return root, credentials.secret_access_key


def _refuse() -> Any:
    raise INVALID


def _check_session(session: Session, credentials: Credentials, token: str | None) -> None:
    if not token or not secrets.compare_digest(token, credentials.session_token or ""):
        raise INVALID
    if session.expires_at < datetime.now(UTC):
        raise AwsError("ExpiredToken", "The security token included in the request is expired")


def _role_session(account: str, session: Session) -> Principal:
    name = session.role_arn.rsplit("/", 1)[-1]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session.name}"
    return Principal(account, Kind.ROLE, arn, name, f"{session.role_id}:{session.name}", session)


def _user(account: str, name: str, access_key_id: str) -> Principal:
    user = engine.iam(account).users.get(name) or _refuse()
    if not any(k.access_key_id == access_key_id and k.status == "Active" for k in user.access_keys):
        raise INVALID
    return Principal(account, Kind.USER, user.arn, name, user.id)


def find_role(arn: str) -> Any | None:
    """The engine's role of this ARN, whatever account it lives in."""
    found = ROLE_ARN.fullmatch(arn)
    if not found or not engine.knows(found[1]):
        return None
    account = found[1]
    return next((role for role in list(engine.iam(account).roles.values()) if role.arn == arn), None)


def policies_of(principal: Principal) -> Policies:
    """Read anew for each call: a policy that is removed counts no more at the next one."""
    if principal.kind is Kind.ROOT:
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        return Policies([{"Statement": [everything]}], [])
    if principal.session is None:
        return _policies_of_user(principal)
    role = find_role(principal.session.role_arn)
    return policies_of_role(role, principal.session) if role else Policies([], [])


def policies_of_role(role: Any, session: Session | None = None) -> Policies:
    granted = [*role.policies.values(), *map(_default_version, role.managed_policies.values())]
    limits = _boundary(role.account_id, role.permissions_boundary)
    if session and (session.policy or session.policy_arns):
        managed = engine.iam(role.account_id).managed_policies
        narrowing = [_default_version(managed[arn]) for arn in session.policy_arns if arn in managed]
        limits.append([*narrowing, *([session.policy] if session.policy else [])])
    return Policies(granted, limits)


def _policies_of_user(principal: Principal) -> Policies:
    backend = engine.iam(principal.account)
    user = backend.users[principal.name]
    holders = [user, *backend.get_groups_for_user(user.name)]
    granted: list[Document] = []
    for holder in holders:
        granted += [*holder.policies.values(), *map(_default_version, holder.managed_policies.values())]
    return Policies(granted, _boundary(principal.account, getattr(user, "permissions_boundary", None)))


def _boundary(account: str, boundary: Any) -> list[list[Document]]:
    if not boundary:
        return []
    arn = boundary if isinstance(boundary, str) else boundary.get("PermissionsBoundaryArn")
    policy = engine.iam(account).managed_policies.get(arn)
    return [[_default_version(policy)] if policy else []]


def _default_version(policy: Any) -> Document:
    document: Document = next(version.document for version in policy.versions if version.is_default)
    return document


def expiry(seconds: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
