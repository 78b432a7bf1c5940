"""One call on its way through the gate."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.aws.gate.authorization import Check
from sandbox.aws.gate.conditions import Context, ContextValue
from sandbox.aws.gate.identities import Identities, Kind, Principal
from sandbox.aws.wire import Reply, Request


@dataclass(frozen=True)
class Call:
    """Who asks for what."""

    principal: Principal
    request: Request
    context: Context
    identities: Identities

    @property
    def account(self) -> str:
        return self.principal.account

    @property
    def region(self) -> str:
        return self.request.region

    def arn(self, service: str, resource: str, *, account: str | None = None) -> str:
        owner = self.account if account is None else account
        return f"arn:aws:{service}:{self.region}:{owner}:{resource}"


@dataclass
class Plan:
    """What a call must pass, and who answers it then."""

    action: str
    checks: list[Check] = field(default_factory=list)
    # Where the call acts, if that is not the caller's own account.
    account: str | None = None
    # None: the engine answers.
    answer: Callable[[], Reply] | None = None
    # Runs once the engine has answered well.
    afterwards: Callable[[Reply], None] | None = None
    # Found out only while the instance starts, as in AWS: the launch is accepted and fails later.
    launch_checks: list[Check] = field(default_factory=list)

    def check(self, resource: str, context: Context, action: str | None = None) -> None:
        self.checks.append(Check(action or self.action, resource, context))


def base_context(principal: Principal, request: Request) -> Context:
    """The keys that every call has."""
    session = principal.session
    return Context(
        {
            "aws:PrincipalArn": principal.role_arn or principal.arn,
            "aws:PrincipalAccount": principal.account,
            "aws:PrincipalType": principal.kind.value,
            "aws:userid": principal.user_id,
            "aws:username": principal.name if principal.kind is Kind.USER else None,
            "aws:RequestedRegion": request.region,
            "aws:SourceIp": request.environ.get("REMOTE_ADDR", "127.0.0.1"),
            # Loopback stands in for TLS, which every SDK would use by default.
            "aws:SecureTransport": True,
            "aws:CurrentTime": datetime.now(UTC).isoformat(),
            "aws:EpochTime": int(time.time()),
            **{f"aws:PrincipalTag/{key}": value for key, value in (session.tags if session else {}).items()},
        }
    )


def requested_tags(tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """The context keys of tags that a call wants to set."""
    if not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": list(tags)}


def resource_tags(tags: Mapping[str, str], *prefixes: str) -> dict[str, ContextValue]:
    """The context keys of tags that a resource has; some services add a prefix of their own."""
    every = ("aws:ResourceTag/", *prefixes)
    return {prefix + key: value for key, value in tags.items() for prefix in every}
