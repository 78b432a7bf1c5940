"""Who acts: a member, a token, or a named part of the portal itself."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from tenants.errors import Forbidden
from tenants.models import ApiToken, Membership, Tenant
from tenants.policy import Permission, Role, allows


@dataclass(frozen=True)
class Actor:
    """A member or a token, acting in one tenant. Made by the gate, asked by the services."""

    tenant: Tenant
    kind: str  # "user" or "token"
    id: UUID
    label: str
    roles: tuple[Role, ...]
    membership: Membership | None = None

    @classmethod
    def of_member(cls, membership: Membership) -> "Actor":
        user, roles = membership.user, _roles(membership.roles)
        return cls(membership.tenant, "user", user.pk, user.email, roles, membership=membership)

    @classmethod
    def of_token(cls, token: ApiToken) -> "Actor":
        label = f"token {token.name}"
        return cls(token.tenant, "token", token.pk, label, _roles(token.roles))

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.pk

    def may(self, permission: Permission) -> bool:
        return allows(self.roles, permission)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden, which names what is lacking, unless this actor holds the permission."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}; {_has(self.roles)}.")


@dataclass(frozen=True)
class System:
    """A named part of the portal, like the verifier. It asks nobody, and what it does is recorded too."""

    label: str
    tenant_id: UUID
    kind: ClassVar[str] = "system"
    id: ClassVar[None] = None


def _roles(given: list[str]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in given)


def _has(roles: tuple[Role, ...]) -> str:
    return f"{' and '.join(roles)} do not grant it" if len(roles) > 1 else f"{roles[0]} does not grant it"
