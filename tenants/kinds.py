"""Everything that people are told of, in one table: who sees it, who is written to, and how it looks."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from tenants.policy import Permission, Role, allows

ADMINS: Final = frozenset({Role.ADMIN})
WORKERS: Final = frozenset({Role.ADMIN, Role.DEVELOPER})
NOBODY: Final[frozenset[Role]] = frozenset()


class Kind(StrEnum):
    """What happened, or what is the case until it ends; named ``<object>.<what>`` like an audit event."""

    ACCOUNT_DEGRADED = "account.degraded"
    ACCOUNT_INSECURE = "account.insecure"
    ACCOUNT_CLAIMED = "account.claimed"
    OPERATION_FAILED = "operation.failed"
    HOST_FAILED = "host.failed"
    AGENT_REFUSED = "agent.refused"
    ACCESS_ASKED = "access.asked"
    ACCESS_DECIDED = "access.decided"
    ACCESS_ACTIVE = "access.active"
    ACCESS_ENDED = "access.ended"
    ACCESS_NOT_GONE = "access.not_gone"
    MEMBER_INVITED = "member.invited"
    MEMBER_JOINED = "member.joined"
    MEMBER_ROLES_CHANGED = "member.roles_changed"
    MEMBER_REMOVED = "member.removed"
    TOKEN_CREATED = "token.created"  # noqa: S105 -- the name of a kind, no secret
    TOKEN_ROTATED = "token.rotated"  # noqa: S105 -- the name of a kind, no secret
    TOKEN_EXPIRING = "token.expiring"  # noqa: S105 -- the name of a kind, no secret
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 -- the name of a kind, no secret
    SIGN_ON_CHANGED = "sign_on.changed"
    SECOND_FACTOR_CHANGED = "second_factor.changed"


class Rule(NamedTuple):
    """What holds for one kind. Whoever may not see it is not written to either."""

    group: str
    title: str  # as the preferences name it
    icon: str
    tone: str
    seen_by: Permission
    mail_to: frozenset[Role]  # who is written to that has chosen nothing
    lasts: bool = False  # a condition, which ends; everything else is news and over at once
    tells_end: bool = True  # by letter, those who got one about the beginning


_SEES_TOKENS, _SEES_MEMBERS = Permission.TOKEN_MANAGE, Permission.MEMBER_VIEW
_SEES_ACCOUNTS, _SEES_ACCESS = Permission.ACCOUNT_VIEW, Permission.ACCESS_VIEW

RULES: Final[dict[Kind, Rule]] = {
    Kind.ACCOUNT_DEGRADED: Rule(
        "Cloud accounts", "One is degraded", "s-warn", "warn", _SEES_ACCOUNTS, WORKERS, lasts=True
    ),
    Kind.ACCOUNT_INSECURE: Rule(
        "Cloud accounts", "One is insecure", "s-bad", "bad", _SEES_ACCOUNTS, WORKERS, lasts=True
    ),
    Kind.ACCOUNT_CLAIMED: Rule(
        "Cloud accounts",
        "Another tenant claims an account",
        "s-bad",
        "bad",
        _SEES_ACCOUNTS,
        WORKERS,
        lasts=True,
    ),
    Kind.OPERATION_FAILED: Rule(
        "Work", "An operation failed", "s-bad", "bad", Permission.OPERATION_VIEW, WORKERS, lasts=True
    ),
    Kind.HOST_FAILED: Rule("Work", "Hosts failed", "s-bad", "bad", Permission.HOST_VIEW, WORKERS, lasts=True),
    Kind.AGENT_REFUSED: Rule(
        "Work",
        "A machine is not believed to be our host",
        "s-bad",
        "bad",
        Permission.HOST_VIEW,
        ADMINS,
        lasts=True,
    ),
    Kind.ACCESS_ASKED: Rule(
        "Access", "Somebody asks for access", "key", "warn", _SEES_ACCESS, ADMINS, lasts=True, tells_end=False
    ),
    Kind.ACCESS_DECIDED: Rule("Access", "Access was granted or denied", "key", "idle", _SEES_ACCESS, ADMINS),
    Kind.ACCESS_ACTIVE: Rule(
        "Access", "Somebody is on a host", "terminal", "run", _SEES_ACCESS, NOBODY, lasts=True
    ),
    Kind.ACCESS_ENDED: Rule("Access", "Access ended", "key", "idle", _SEES_ACCESS, NOBODY),
    Kind.ACCESS_NOT_GONE: Rule(
        "Access", "Access is over, but not known to be gone", "s-bad", "bad", _SEES_ACCESS, ADMINS, lasts=True
    ),
    Kind.MEMBER_INVITED: Rule("Members", "Somebody is invited", "mail", "idle", _SEES_MEMBERS, NOBODY),
    Kind.MEMBER_JOINED: Rule("Members", "Somebody joined", "people", "idle", _SEES_MEMBERS, ADMINS),
    Kind.MEMBER_ROLES_CHANGED: Rule("Members", "Roles changed", "people", "idle", _SEES_MEMBERS, ADMINS),
    Kind.MEMBER_REMOVED: Rule(
        "Members", "Somebody left or was removed", "people", "idle", _SEES_MEMBERS, ADMINS
    ),
    Kind.TOKEN_CREATED: Rule("Tokens", "A token was made", "token", "idle", _SEES_TOKENS, ADMINS),
    Kind.TOKEN_ROTATED: Rule("Tokens", "A token was rotated", "token", "idle", _SEES_TOKENS, NOBODY),
    Kind.TOKEN_EXPIRING: Rule(
        "Tokens",
        "A token ends within seven days",
        "clock",
        "warn",
        _SEES_TOKENS,
        ADMINS,
        lasts=True,
        tells_end=False,
    ),
    Kind.TOKEN_REVOKED: Rule("Tokens", "A token was revoked", "token", "idle", _SEES_TOKENS, NOBODY),
    Kind.SIGN_ON_CHANGED: Rule(
        "Sign-in", "The single sign-on changed", "lock", "idle", _SEES_MEMBERS, ADMINS
    ),
    Kind.SECOND_FACTOR_CHANGED: Rule(
        "Sign-in", "Whether members need a second factor", "lock", "idle", _SEES_MEMBERS, ADMINS
    ),
}


def visible_kinds(roles: Iterable[str]) -> list[Kind]:
    """The kinds that somebody with these roles sees."""
    held = list(roles)
    return [kind for kind, rule in RULES.items() if allows(held, rule.seen_by)]
