"""What the parts of the zone template share."""

from dataclasses import dataclass
from typing import Any

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.names import (
    ZONE_TAG,
    builtin_role_id,
    global_name,
    guid,
    resource_id,
    zone_group,
)
from enclaves.blueprints.azure.versions import KEYS, VAULTS

# Key Vault Crypto Service Encryption User: wrap and unwrap with a key, and nothing else.
WRAPPING = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@dataclass(frozen=True)
class Site:
    """A zone in a subscription, as the parts of its template need it."""

    account: str
    directory: str
    registration: str
    zone: str
    region: str

    @property
    def group(self) -> str:
        return zone_group(self.zone)

    @property
    def vault(self) -> str:
        return global_name(self.registration, self.zone)

    @property
    def archive(self) -> str:
        return global_name(self.registration, self.zone)

    def id(self, kind: str, *names: str) -> str:
        return resource_id(self.account, self.group, kind, *names)

    def key_id(self, key: str) -> str:
        return self.id(KEYS, self.vault, key)

    def vault_id(self) -> str:
        return self.id(VAULTS, self.vault)

    def tags(self, service: str) -> arm.Node:
        return arm.tags(self.registration, service, **{ZONE_TAG: self.zone})

    def tracked(self, kind: str, name: str, service: str, /, **body: Any) -> arm.Node:
        """Write a resource that has a place and carries our tags."""
        return arm.resource(kind, name, location=self.region, tags=self.tags(service), **body)

    def wrapping(self, key: str, who: str, principal: str, *, after: list[str]) -> arm.Node:
        """Let an identity wrap and unwrap with one key, not with the vault's others."""
        return arm.assignment(
            self._wrapping_name(key, who),
            builtin_role_id(self.account, WRAPPING),
            principal,
            scope=self.key_id(key),
            after=[self.key_id(key), *after],
        )

    def wrapping_id(self, key: str, who: str) -> str:
        """Write the id of that assignment, for what has to come after it."""
        name = self._wrapping_name(key, who)
        return f"{self.key_id(key)}/providers/Microsoft.Authorization/roleAssignments/{name}"

    def _wrapping_name(self, key: str, who: str) -> str:
        return guid(self.key_id(key), WRAPPING, who)
