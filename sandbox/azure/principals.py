"""Who can call: service principals and managed identities of a directory."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Principal:
    """`resource` is the id of the resource whose managed identity this is; `secret` only owners have."""

    object_id: str
    client_id: str
    directory: str
    name: str
    resource: str = ""
    secret: str = field(default="", repr=False)

    @property
    def role(self) -> str:
        """The name of the managed identity that acts; empty for an owner."""
        return self.name if self.resource else ""


class Principals:
    """All of them, of all directories."""

    def __init__(self) -> None:
        self._by_object: dict[str, Principal] = {}
        self._by_client: dict[tuple[str, str], Principal] = {}

    def add(self, principal: Principal) -> None:
        self._by_object[principal.object_id.lower()] = principal
        self._by_client[principal.directory, principal.client_id.lower()] = principal

    def get(self, object_id: str) -> Principal | None:
        return self._by_object.get(object_id.lower())

    def of_client(self, directory: str, client_id: str) -> Principal | None:
        return self._by_client.get((directory, client_id.lower()))

    def drop_those_of(self, resource: str) -> None:
        """The managed identities of a resource that is gone."""
        for principal in [p for p in self._by_object.values() if p.resource.lower() == resource.lower()]:
            del self._by_object[principal.object_id.lower()]
            del self._by_client[principal.directory, principal.client_id.lower()]

    def clear(self) -> None:
        self._by_object.clear()
        self._by_client.clear()
