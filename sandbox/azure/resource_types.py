"""What a resource type demands and adds: the table that sandbox.azure.types fills, and what a PUT brings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sandbox.azure.errors import ArmError, refused
from sandbox.azure.ids import ResourceId
from sandbox.azure.principals import Principal
from sandbox.azure.store import Resource

if TYPE_CHECKING:
    from sandbox.azure.world import World

type Right = tuple[str, str]

UNFINISHED = ("Creating", "Updating", "Accepted")


@dataclass
class Write:
    """One PUT or PATCH: `body` is the whole resource as it will be stored; `old` the one before, if any."""

    world: "World"
    id: ResourceId
    body: Resource
    caller: Principal
    old: Resource | None

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["properties"]
        return found

    @property
    def directory(self) -> str:
        """The Entra tenant of the subscription."""
        return self.world.subscription(self.id.subscription).directory

    @property
    def zones(self) -> dict[str, str]:
        """Logical to physical zone, where the resource is."""
        return self.world.zones(self.id.subscription, self.body["location"])

    def exists(self, resource_id: str) -> Resource:
        """A resource that the body names; raises ArmError if it is missing, foreign or unfinished."""
        found = self.world.get(resource_id)
        if (
            found is None
            or ResourceId.parse(resource_id).subscription.lower() != self.id.subscription.lower()
        ):
            text = f"Resource {resource_id} referenced by resource {self.id} was not found."
            raise refused("InvalidResourceReference", text)
        state = found["properties"].get("provisioningState")
        if state in UNFINISHED:
            text = f"Resource {resource_id} used by resource {self.id} is still in {state} state."
            raise ArmError(429, "ReferencedResourceNotProvisioned", text, headers={"Retry-After": "10"})
        return found

    def create(self, resource_id: str, body: Resource) -> Resource:
        """Make another resource on the way, at once, without asking what the caller may."""
        from sandbox.azure.engine import make

        return make(self.world, self.caller, ResourceId.parse(resource_id), body)

    def reserve_name(self, kind: str, error: ArmError) -> None:
        """Take a name that is unique in all of Azure, or raise the error."""
        holder = self.world.taken_names.setdefault((kind, self.id.name.lower()), self.id.key)
        if holder != self.id.key:
            raise error


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """How one type of resource behaves; a type without an entry is refused.

    `required` are dotted paths in the body; `allowed` the known names in `properties`, None if unchecked.
    `style` is how a long create is told: the header Azure-AsyncOperation (`async`), Location with 202
    (`location`), or only provisioningState in the body (`body`). Seconds of 0 mean within the request.
    `check` refuses before anything is stored; `fill` adds what Azure adds, at once; `finish` runs at the end.
    `forbids_deletion` raises ArmError; `deleted` cleans up, with the resource as it was. `also_writes` and
    `also_deletes` name further rights that the caller needs, as pairs of action and scope.
    """

    name: str
    api_versions: tuple[str, ...]
    required: tuple[str, ...] = ()
    allowed: frozenset[str] | None = None
    needs_location: bool = True
    needs_parent: bool = True
    name_pattern: str = r"[A-Za-z0-9_.()-]{1,90}"
    create_seconds: float = 0.0
    delete_seconds: float = 0.0
    style: Literal["async", "location", "body"] = "async"
    check: Callable[[Write], None] | None = None
    fill: Callable[[Write], None] | None = None
    finish: Callable[[Write], None] | None = None
    forbids_deletion: "Callable[[World, Resource], None] | None" = None
    deleted: "Callable[[World, Resource], None] | None" = None
    also_writes: Callable[[ResourceId, Mapping[str, Any]], Iterable[Right]] | None = None
    also_deletes: Callable[[Resource], Iterable[Right]] | None = None


TYPES: dict[str, ResourceType] = {}


def register(*kinds: ResourceType) -> None:
    """Make types known; the modules of sandbox.azure.types call it when imported."""
    TYPES.update((kind.name.lower(), kind) for kind in kinds)


def find(resource_id: ResourceId, api_version: str) -> ResourceType:
    """The type of a resource in a version; raises ArmError for what is not modelled."""
    return find_type(resource_id.type, api_version)


def find_type(name: str, api_version: str) -> ResourceType:
    """Like `find`, for collections."""
    kind = TYPES.get(name.lower())
    namespace, _, short = name.partition("/")
    if kind is None:
        text = f"The resource type '{short}' could not be found in the namespace '{namespace}'"
        text += ": the sandbox does not model it."
        raise refused("InvalidResourceType", text, status=404)
    if not api_version:
        raise refused("MissingApiVersionParameter", "The api-version query parameter is required.")
    if api_version not in kind.api_versions:
        known = ", ".join(kind.api_versions)
        text = f"No registered resource provider found for API version '{api_version}' for type '{short}'."
        text += f" The supported api-versions are '{known}'."
        raise refused("NoRegisteredProviderFound", text)
    return kind
