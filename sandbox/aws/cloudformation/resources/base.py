"""What every resource type consists of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

type Properties = dict[str, Any]
type Tags = list[dict[str, str]]


@dataclass(frozen=True)
class Place:
    """Where a resource is made, and how it is called there."""

    client: Callable[[str], Any]
    account: str
    region: str
    stack: str
    logical_id: str = ""

    @property
    def default_name(self) -> str:
        return f"{self.stack}-{self.logical_id}"

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    @property
    def iam(self) -> Any:
        return self.client("iam")


@dataclass
class Made:
    """A resource that exists: what Ref and GetAtt answer."""

    physical_id: str
    attributes: dict[str, Any | Callable[[], Any]] = field(default_factory=dict)

    def attribute(self, name: str) -> Any:
        """Raises KeyError for an attribute that the type does not have."""
        value = self.attributes[name]
        return value() if callable(value) else value


def _nothing_to_delete(place: Place, made: Made, properties: Properties) -> None:
    """For parts that vanish together with what they belong to."""


@dataclass(frozen=True)
class ResourceType:
    """How to make, change and remove one type. Without `update` a change is refused."""

    properties: frozenset[str]
    create: Callable[[Place, Properties], Made]
    delete: Callable[[Place, Made, Properties], None] = _nothing_to_delete
    update: Callable[[Place, Made, Properties, Properties], None] | None = None


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def chosen(properties: Properties, wanted: str) -> Properties:
    """The named properties, as far as the template gives them."""
    return {name: properties[name] for name in wanted.split() if name in properties}


def is_true(value: Any) -> bool:
    """CloudFormation takes booleans as words, too."""
    return str(value).lower() == "true"


def tag_specifications(kind: str, properties: Properties) -> list[dict[str, Any]]:
    tags = properties.get("Tags")
    return [{"ResourceType": kind, "Tags": tags}] if tags else []
