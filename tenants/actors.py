"""Who acts: a member, a token, one of the staff, or a named part of the portal itself."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from tenants.errors import Forbidden
from tenants.models import ApiToken, Membership, StaffMember, Tenant
from tenants.policy import Permission, Role, StaffPermission, StaffRole, allows, staff_allows


@dataclass(frozen=True)
class Actor:
    """A member or a token, acting in one tenant. Made by the gate, asked by the services."""

    tenant: Tenant
    kind: str  # "user" or "token"
    id: UUID
    label: str
    roles: tuple[Role, ...]
    membership: Membership | None = None
    token: ApiToken | None = None

    @classmethod
    def of_member(cls, membership: Membership) -> "Actor":
        user, roles = membership.user, _roles(membership.roles)
        return cls(membership.tenant, "user", user.pk, user.email, roles, membership=membership)

    @classmethod
    def of_token(cls, token: ApiToken) -> "Actor":
        """Whoever presents a token, which was read by tenants.tokens.with_holders."""
        kind = "" if token.is_personal else "service account "
        label = f"{kind}{token.holder} (token {token.name})"
        return cls(token.tenant, "token", token.pk, label, token.roles_now, token=token)

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.pk

    @property
    def person_id(self) -> UUID | None:
        """The person who acts, also by a personal token; None for a service account."""
        if self.membership is not None:
            return self.membership.user_id
        return self.token.user_id if self.token else None

    def may(self, permission: Permission) -> bool:
        return allows(self.roles, permission)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden, which names what is lacking, unless this actor holds the permission."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}; {_has(self.roles)}.")


@dataclass(frozen=True)
class StaffActor:
    """One of the vendor's people, in no tenant. Made by the gate of staff, asked by the services."""

    id: UUID
    label: str  # as tenants read it in their audit
    roles: tuple[StaffRole, ...]
    member: StaffMember
    kind: ClassVar[str] = "staff"

    @classmethod
    def of(cls, member: StaffMember) -> "StaffActor":
        roles = tuple(role for role in StaffRole if role in member.roles)
        label = f"{' and '.join(roles)}: {member.user}"
        return cls(member.user_id, label, roles, member)

    def may(self, permission: StaffPermission) -> bool:
        return staff_allows(self.roles, permission)

    def require(self, permission: StaffPermission) -> None:
        """Raise Forbidden, which names what is lacking, unless this actor holds the permission."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}; {_has(self.roles)}.")


@dataclass(frozen=True)
class Shell:
    """Whoever has a shell on the portal's machine: nobody can ask them for permissions."""

    label: str = "shell"
    id: ClassVar[None] = None


@dataclass(frozen=True)
class System:
    """A named part of the portal, like the verifier. It asks nobody, and what it does is recorded too."""

    label: str
    tenant_id: UUID
    kind: ClassVar[str] = "system"
    id: ClassVar[None] = None


def _roles(given: list[str]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in given)


def _has(roles: tuple[Role | StaffRole, ...]) -> str:
    return f"{' and '.join(roles)} do not grant it" if len(roles) > 1 else f"{roles[0]} does not grant it"
