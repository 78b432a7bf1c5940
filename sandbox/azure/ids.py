"""Resource ids: what they name and where it hangs. Compared without case, spelled as first written."""

from dataclasses import dataclass

from sandbox.azure.errors import ArmError

GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
# RBAC knows groups as part of the subscription; everything else by its type.
ACTION_TYPES = {GROUP_TYPE: "Microsoft.Resources/subscriptions/resourceGroups"}
# The SDK sends `resourcegroups`, Azure answers `resourceGroups`.
SPELLINGS = {word.lower(): word for word in ("subscriptions", "resourceGroups", "providers")}


@dataclass(frozen=True)
class ResourceId:
    """`scope` is what it hangs under: a subscription, a group, another resource (for assignments)."""

    text: str
    scope: str
    type: str
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "ResourceId":
        """Read a complete id; raises ArmError for anything else."""
        segments = _spelled(text)
        if len(segments) % 2 or segments[:1] != ["subscriptions"]:
            raise ArmError(400, "LinkedInvalidPropertyId", f"'{text}' is not a valid resource id.")
        path = "/" + "/".join(segments)
        index = _last_provider(segments)
        if index is None:
            return _container(path, segments)
        rest = segments[index + 2 :]
        kind = "/".join((segments[index + 1], *rest[0::2]))
        if not rest:
            raise ArmError(400, "LinkedInvalidPropertyId", f"'{text}' names a provider, not a resource.")
        return cls(path, "/" + "/".join(segments[:index]), kind, tuple(rest[1::2]))

    def __str__(self) -> str:
        return self.text

    @property
    def key(self) -> str:
        return self.text.lower()

    @property
    def namespace(self) -> str:
        return self.type.split("/", 1)[0]

    @property
    def name(self) -> str:
        """The last name: of `vaults/V/keys/K` it is `K`."""
        return self.names[-1]

    @property
    def action_type(self) -> str:
        """The type as RBAC's actions spell it."""
        return ACTION_TYPES.get(self.type, self.type)

    @property
    def subscription(self) -> str:
        return self.text.split("/")[2]

    @property
    def subscription_id(self) -> str:
        return f"/subscriptions/{self.subscription}"

    @property
    def group(self) -> str:
        """The resource group's name; empty for what hangs at the subscription."""
        parts = self.text.split("/")
        return parts[4] if len(parts) > 4 and parts[3] == "resourceGroups" else ""  # noqa: PLR2004

    @property
    def group_id(self) -> str:
        return f"{self.subscription_id}/resourceGroups/{self.group}" if self.group else ""

    @property
    def parent(self) -> "ResourceId | None":
        """The resource whose child this is: of `vaults/V/keys/K` it is `vaults/V`."""
        if len(self.names) == 1:
            return None
        return ResourceId.parse(self.text.rsplit("/", 2)[0])

    def child(self, kind: str, name: str) -> "ResourceId":
        return ResourceId.parse(f"{self.text}/{kind}/{name}")


def within(scope: str, resource: str) -> bool:
    """Whether a resource is the scope itself or hangs below it."""
    above, below = scope.rstrip("/").lower(), resource.rstrip("/").lower()
    return below == above or below.startswith(above + "/")


def _spelled(text: str) -> list[str]:
    segments = text.strip("/").split("/")
    return [SPELLINGS.get(word.lower(), word) if i % 2 == 0 else word for i, word in enumerate(segments)]


def _last_provider(segments: list[str]) -> int | None:
    found = (i for i in range(len(segments) - 2, 0, -1) if segments[i] == "providers" and i % 2 == 0)
    return next(found, None)


def _container(path: str, segments: list[str]) -> ResourceId:
    match segments:
        case ["subscriptions", subscription]:
            return ResourceId(path, "", SUBSCRIPTION_TYPE, (subscription,))
        case ["subscriptions", subscription, "resourceGroups", group]:
            return ResourceId(path, f"/subscriptions/{subscription}", GROUP_TYPE, (group,))
    raise ArmError(400, "LinkedInvalidPropertyId", f"'{path}' is not a valid resource id.")
