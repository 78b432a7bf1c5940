"""What every cloud's blueprint speaks: who a template is for, what it grants, how it is applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class UnknownCloud(LookupError):
    """There is no blueprint for this cloud."""


class UnknownFormat(LookupError):
    """A cloud's templates do not exist in this format."""


# Raise it whenever a template changes: tenants with an older one are told to apply it again.
TEMPLATE_VERSION = 1


@dataclass(frozen=True)
class Binding:
    """What ties a template to one registration of one account; all of it is made by the portal."""

    account: str  # the cloud's own id, without the prefix
    registration: str
    external_id: str = field(repr=False)
    portal_principal: str  # the only identity that the tenant's roles trust
    image_owner: str  # whose host images may be launched


class Spot(Protocol):
    """Where a zone lies. A provider's ``Place`` is one."""

    @property
    def zone(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def availability_zone_ids(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Permission:
    """One thing that one of the portal's roles may do in the tenant's account, and why.

    ``resource`` and ``conditions`` may hold ``${Names}`` until the permission is made for a binding.
    """

    role: str
    action: str
    resource: str
    why: str
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Application:
    """How a tenant applies one template with its own rights."""

    format: str
    file_name: str
    command: str
    steps: tuple[str, ...]  # the same by hand, in the cloud's console


class Blueprint(Protocol):
    """The templates of one cloud."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Name the formats that exist, the preferred one first."""

    def account_template(self, binding: Binding, *, format: str = "") -> str:
        """Write the template that makes the portal's roles, filled in. Raises UnknownFormat."""

    def zone_template(self, binding: Binding, place: Spot, *, format: str = "") -> str:
        """Write the template that makes a zone's network, keys and archive. Raises UnknownFormat."""

    def commands(self, place: Spot | None = None, *, format: str = "") -> Application:
        """Say how to apply a zone's template, or the account template where no place is named."""

    def permissions(self, binding: Binding | None = None) -> tuple[Permission, ...]:
        """List all that the templates grant the portal; with a binding, for exactly that account."""
