"""Who may do what, in a tenant and as staff: the whole permission model, on one page."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    DEVELOPER = "developer"
    READER = "reader"


class Permission(StrEnum):
    """An action on a kind of object, named ``<object>:<action>``."""

    TENANT_VIEW = "tenant:view"
    TENANT_FREEZE = "tenant:freeze"
    TENANT_SECURE = "tenant:secure"
    MEMBER_VIEW = "member:view"
    MEMBER_INVITE = "member:invite"
    MEMBER_MANAGE = "member:manage"
    MEMBER_LEAVE = "member:leave"
    SIGN_ON_MANAGE = "sign_on:manage"
    TOKEN_VIEW = "token:view"  # noqa: S105 -- the name of a right, no secret
    TOKEN_CREATE = "token:create"  # noqa: S105 -- the name of a right, no secret
    TOKEN_REVOKE = "token:revoke"  # noqa: S105 -- the name of a right, no secret
    TOKEN_MANAGE = "token:manage"  # noqa: S105 -- the name of a right, no secret
    SERVICE_ACCOUNT_VIEW = "service_account:view"
    SERVICE_ACCOUNT_MANAGE = "service_account:manage"
    NOTIFICATION_VIEW = "notification:view"
    AUDIT_VIEW = "audit:view"
    ACCOUNT_VIEW = "account:view"
    ACCOUNT_REGISTER = "account:register"
    ACCOUNT_VERIFY = "account:verify"
    ACCOUNT_REMOVE = "account:remove"
    ACCOUNT_FREEZE = "account:freeze"
    ENCLAVE_VIEW = "enclave:view"
    ENCLAVE_CREATE = "enclave:create"
    ENCLAVE_REMOVE = "enclave:remove"
    APPLICATION_VIEW = "application:view"
    APPLICATION_CREATE = "application:create"
    DEPLOYMENT_VIEW = "deployment:view"
    DEPLOYMENT_PLAN = "deployment:plan"
    DEPLOYMENT_APPLY = "deployment:apply"
    DEPLOYMENT_RETIRE = "deployment:retire"
    HOST_VIEW = "host:view"
    OPERATION_VIEW = "operation:view"
    ACCESS_VIEW = "access:view"
    ACCESS_ASK = "access:ask"
    ACCESS_DECIDE = "access:decide"
    ACCESS_END = "access:end"
    ACCESS_RULE = "access:rule"
    RECORDING_VIEW = "recording:view"


_READER = {
    Permission.TENANT_VIEW,
    Permission.MEMBER_VIEW,
    Permission.MEMBER_LEAVE,
    Permission.TOKEN_VIEW,
    Permission.TOKEN_REVOKE,
    Permission.SERVICE_ACCOUNT_VIEW,
    Permission.NOTIFICATION_VIEW,
    Permission.AUDIT_VIEW,
    Permission.ACCOUNT_VIEW,
    Permission.ENCLAVE_VIEW,
    Permission.APPLICATION_VIEW,
    Permission.DEPLOYMENT_VIEW,
    Permission.HOST_VIEW,
    Permission.OPERATION_VIEW,
    Permission.ACCESS_VIEW,
}
_DEVELOPER = _READER | {
    Permission.TOKEN_CREATE,
    Permission.ACCOUNT_VERIFY,
    Permission.APPLICATION_CREATE,
    Permission.DEPLOYMENT_PLAN,
    Permission.DEPLOYMENT_APPLY,
    Permission.DEPLOYMENT_RETIRE,
    Permission.ACCESS_ASK,
}
_ADMIN = _DEVELOPER | {
    Permission.ACCESS_DECIDE,
    Permission.ACCESS_END,
    Permission.ACCESS_RULE,
    Permission.RECORDING_VIEW,
    Permission.TENANT_FREEZE,
    Permission.TENANT_SECURE,
    Permission.MEMBER_INVITE,
    Permission.MEMBER_MANAGE,
    Permission.TOKEN_MANAGE,
    Permission.SERVICE_ACCOUNT_MANAGE,
    Permission.SIGN_ON_MANAGE,
    Permission.ACCOUNT_REGISTER,
    Permission.ACCOUNT_REMOVE,
    Permission.ACCOUNT_FREEZE,
    Permission.ENCLAVE_CREATE,
    Permission.ENCLAVE_REMOVE,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(_ADMIN),
    Role.DEVELOPER: frozenset(_DEVELOPER),
    Role.READER: frozenset(_READER),
}


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """All that the roles grant together; an unknown role grants nothing."""
    known = [GRANTS[Role(role)] for role in roles if role in Role]
    return frozenset().union(*known)


def allows(roles: Iterable[str], permission: Permission) -> bool:
    """Say whether one of the roles grants the permission."""
    return permission in granted(roles)


def covers(holder: Iterable[str], given: Iterable[str]) -> bool:
    """Say whether the holder of some roles may pass on others: nobody gives what they lack."""
    return granted(given) <= granted(holder)


def common(one: Iterable[str], other: Iterable[str]) -> tuple[Role, ...]:
    """The highest roles that both sets cover: what is allowed by them is allowed by each."""
    first, second = granted(one), granted(other)
    shared = [role for role in Role if GRANTS[role] <= first and GRANTS[role] <= second]
    return tuple(role for role in shared if not any(GRANTS[role] < GRANTS[higher] for higher in shared))


class StaffRole(StrEnum):
    """What the vendor's people are. They are members of no tenant."""

    SUPPORT = "support"
    APPROVER = "approver"
    OPERATOR = "operator"


class StaffPermission(StrEnum):
    """An action of staff; a look into a tenant is told to that tenant."""

    FLEET_VIEW = "fleet:view"
    TENANT_LIST = "tenant:list"
    TENANT_LOOK = "tenant:look"
    ACCOUNT_LOOK = "account:look"
    ENCLAVE_LOOK = "enclave:look"
    HOST_LOOK = "host:look"
    OPERATION_LOOK = "operation:look"
    ACCESS_LOOK = "access:look"
    ACCESS_ASK = "access:ask"
    ACCESS_DECIDE = "access:decide"
    ZONE_VIEW = "zone:view"
    ZONE_MANAGE = "zone:manage"
    STAFF_VIEW = "staff:view"
    STAFF_MANAGE = "staff:manage"


_STAFF = {
    StaffPermission.FLEET_VIEW,
    StaffPermission.TENANT_LIST,
    StaffPermission.TENANT_LOOK,
    StaffPermission.ACCOUNT_LOOK,
    StaffPermission.ENCLAVE_LOOK,
    StaffPermission.HOST_LOOK,
    StaffPermission.OPERATION_LOOK,
    StaffPermission.ACCESS_LOOK,
    StaffPermission.ZONE_VIEW,
}

STAFF_GRANTS: dict[StaffRole, frozenset[StaffPermission]] = {
    StaffRole.SUPPORT: frozenset(_STAFF | {StaffPermission.ACCESS_ASK}),
    StaffRole.APPROVER: frozenset(_STAFF | {StaffPermission.ACCESS_DECIDE}),
    StaffRole.OPERATOR: frozenset(
        _STAFF | {StaffPermission.ZONE_MANAGE, StaffPermission.STAFF_VIEW, StaffPermission.STAFF_MANAGE}
    ),
}


def staff_allows(roles: Iterable[str], permission: StaffPermission) -> bool:
    """Say whether one of the staff roles grants the permission; an unknown role grants nothing."""
    return any(permission in STAFF_GRANTS[StaffRole(role)] for role in roles if role in StaffRole)
