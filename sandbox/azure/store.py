"""The resources: bodies as GET answers them, with indexes for parents, types and references."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sandbox.azure.ids import ResourceId, within

type Resource = dict[str, Any]


class Store:
    """Keyed by lower-case id. What `get` returns is the resource itself: `put` it again after a change."""

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self._types: dict[str, dict[str, None]] = defaultdict(dict)
        self._below: dict[str, dict[str, None]] = defaultdict(dict)
        self._refers: dict[str, set[str]] = {}
        self._referred: dict[str, dict[str, None]] = defaultdict(dict)

    def get(self, resource_id: str) -> Resource | None:
        return self._resources.get(resource_id.rstrip("/").lower())

    def facts(self, resource_id: str) -> dict[str, Any]:
        """What the sandbox remembers of a resource and nobody reads; gone with the resource."""
        return self._facts.setdefault(resource_id.lower(), {})

    def put(self, resource: Resource) -> None:
        key = resource["id"].lower()
        self._unlink(key)
        self._resources[key] = resource
        self._types[resource["type"].lower()][key] = None
        for scope in _scopes(key):
            self._below[scope][key] = None
        self._refers[key] = {ref.lower() for ref in references(resource) if not within(key, ref)}
        for ref in self._refers[key]:
            self._referred[ref][key] = None

    def drop(self, resource_id: str) -> None:
        """Forget one resource; what lies below it stays."""
        key = resource_id.lower()
        self._unlink(key)
        self._facts.pop(key, None)
        if resource := self._resources.pop(key, None):
            self._types[resource["type"].lower()].pop(key, None)
            for scope in _scopes(key):
                self._below[scope].pop(key, None)

    def under(self, scope: str, kind: str = "") -> list[Resource]:
        """Everything below a scope, at any depth, oldest first; of one type if given."""
        below = self._below[scope.rstrip("/").lower()]
        keys = (key for key in self._types[kind.lower()] if key in below) if kind else below
        return [self._resources[key] for key in keys]

    def of_type(self, kind: str) -> list[Resource]:
        """All of a type, in every subscription."""
        return [self._resources[key] for key in self._types[kind.lower()]]

    def referrers(self, resource_id: str) -> list[str]:
        """Ids of resources outside it that name it, or something below it."""
        key = resource_id.lower()
        targets = [key, *self._below[key]]
        keys = {
            user for target in targets for user in self._referred.get(target, ()) if not within(key, user)
        }
        return sorted(self._resources[user]["id"] for user in keys)

    def _unlink(self, key: str) -> None:
        for ref in self._refers.pop(key, ()):
            self._referred[ref].pop(key, None)


def references(value: object) -> set[str]:
    """Every resource id that a body names: values of `…id` keys, and ids that are keys."""
    if isinstance(value, list):
        return {ref for item in value for ref in references(item)}
    if not isinstance(value, dict):
        return set()
    found = {ref for item in value.values() for ref in references(item)}
    found |= {key for key in value if _is_id(key)}
    return found | {v for key, v in value.items() if key.lower().endswith("id") and _is_id(v)}


def _is_id(text: object) -> bool:
    if not isinstance(text, str) or not text.lower().startswith("/subscriptions/"):
        return False
    segments = text.lower().strip("/").split("/")
    return "providers" in segments and len(segments) % 2 == 0


def _scopes(key: str) -> Iterator[str]:
    """Every id above one: subscription, group, parents."""
    segments = ResourceId.parse(key).text.lower().strip("/").split("/")
    for end in range(2, len(segments), 2):
        yield "/" + "/".join(segments[:end])
