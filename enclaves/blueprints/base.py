"""What every cloud's blueprint speaks: who a template is for, what it grants, how it is applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class UnknownCloud(LookupError):
    """There is no blueprint for this cloud."""


class UnknownFormat(LookupError):
    """A cloud's templates do not exist in this format."""


class TemplateWaits(Exception):
    """A template cannot be written before the account's next proof; the text says what it waits for."""


# Raise it whenever a template changes: tenants with an older one are told to apply it again.
TEMPLATE_VERSION = 1


@dataclass(frozen=True)
class Binding:
    """What ties a template to one registration of one account; all of it is made by the portal.

    A cloud reads what its trust is made of: an external id here, an issuer and a subject there.
    """

    account: str  # the cloud's own id, without the prefix
    registration: str
    external_id: str = field(repr=False)
    portal_principal: str  # the only identity that the tenant's roles trust
    image_owner: str  # whose host images may be launched
    tenant: str = ""  # the portal's own id of the tenant, a UUID
    directory: str = ""  # the Entra tenant of the subscription
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)  # what the last proof learned
    issuer: str = ""  # the portal as an OIDC issuer: its URL


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
    With ``data`` the action is about what is stored in a resource, not about the resource.
    """

    role: str
    action: str
    resource: str
    why: str
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    data: bool = False


@dataclass(frozen=True)
class Application:
    """How a tenant applies one template with its own rights."""

    format: str
    file_name: str
    command: str
    steps: tuple[str, ...]  # the same by hand, in the cloud's console
    name: str  # of the stack or deployment
    region: str  # where it lives
    media_type: str


@dataclass(frozen=True)
class Sketch:
    """How the parts of an enclave are labelled in its drawing.

    What ends in ``fact`` names something that the proof of a zone found, to be shown with its part.
    """

    actor: str  # what the portal's and the hosts' rights hang on: "role", "identity"
    network_fact: str
    archive_fact: str
    group_fact: str  # empty where the network itself holds everything
    shelf: tuple[str, str]  # what stands beside the hosts in the network, and a remark on it
    exit: tuple[str, str]  # through what the hosts call out, in two short lines
    exit_said: str  # the same in the outline
    keys: tuple[str, str, str]  # the tenant's keys, how they are named, and how often they change


@dataclass(frozen=True)
class CloudWords:
    """How a cloud's own people call things: for pages and messages, so that none of them names a cloud."""

    title: str
    account: str  # what is registered: "account", "subscription"
    network: str
    group: str  # what holds everything of an enclave
    number_pattern: str  # of an account's id, as a regular expression
    number_example: str
    number_hint: str  # what an id is made of, and where to find it
    cli: str
    console: str
    leftover: str  # what a tenant deletes once the portal has given something up
    sketch: Sketch
    binding: str = ""  # what a registration shows of its binding; empty if there is nothing to show
    needs_directory: bool = False  # a registration also names the directory that the account trusts
    hands_back: str = ""  # the output of the account template that the tenant gives to the portal
    # The levels of confidential computing: empty where offered, else the answer why not.
    confidential: Mapping[str, str] = field(default_factory=dict, hash=False)
    # What to know before choosing a level that is offered.
    caveats: Mapping[str, str] = field(default_factory=dict, hash=False)


class Blueprint(Protocol):
    """The templates of one cloud."""

    @property
    def words(self) -> CloudWords:
        """Tell how this cloud calls things."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Name the formats that exist, the preferred one first."""

    def account_template(self, binding: Binding, *, format: str = "") -> str:
        """Write the template that makes the portal's roles, filled in. Raises UnknownFormat."""

    def zone_template(self, binding: Binding, place: Spot, *, format: str = "") -> str:
        """Write the template that makes a zone's network, keys and archive.

        Raises UnknownFormat, and TemplateWaits where the account's proof has to tell something first.
        """

    def commands(self, place: Spot | None = None, *, account: str = "", format: str = "") -> Application:
        """Say how to apply a zone's template, or the account template where no place is named.

        With an account the command line says where, so that it cannot be run in another by mistake.
        """

    def permissions(self, binding: Binding | None = None) -> tuple[Permission, ...]:
        """List all that the templates grant the portal; with a binding, for exactly that account."""
