"""Finding the tenant's keys and the log archive of a zone."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from enclaves.blueprints.azure.names import (
    ACCESS,
    ARCHIVE,
    ARCHIVE_DAYS,
    ARCHIVE_KEY_NAME,
    DISK_KEY_NAME,
    DISKS,
    KEYS,
    LOGS,
)
from enclaves.providers.azure import findings, versions
from enclaves.providers.azure.findings import Mismatch
from enclaves.providers.azure.zone.found import (
    Finder,
    Thing,
    apply_again,
    check_settings,
    same_id,
    settings_of,
)
from enclaves.providers.base import CheckDefinition, Finding


class Storage:
    """A look at the keys and the archive of one zone; each test is one line of the page."""

    def __init__(self, finder: Finder) -> None:
        self._find = finder
        self.disk_key = ""
        self.archive_key = ""

    @cached_property
    def vault(self) -> Thing:
        return self._find.only(versions.VAULT, KEYS, "key vault")

    @cached_property
    def disks(self) -> Thing:
        return self._find.only(versions.DISK_ENCRYPTION, DISKS, "disk encryption set")

    @cached_property
    def archive(self) -> Thing:
        return self._find.only(versions.STORAGE, ARCHIVE, "storage account")

    def test_vault(self, check: CheckDefinition) -> Finding:
        settings = settings_of(self.vault)
        wrong = {
            "not premium": settings.get("sku", {}).get("name", "").lower() != "premium",
            "not guarded by roles": not settings.get("enableRbacAuthorization"),
            "not protected from being purged": not settings.get("enablePurgeProtection"),
        }
        check_settings(f"key vault {self.vault['name']}", wrong, self._find.place, str(self.vault["id"]))
        return findings.passed(check, str(self.vault["name"]))

    def test_disk_key(self, check: CheckDefinition) -> Finding:
        self.disk_key = self._key(DISK_KEY_NAME)
        return findings.passed(check, self.disk_key)

    def test_archive_key(self, check: CheckDefinition) -> Finding:
        self.archive_key = self._key(ARCHIVE_KEY_NAME)
        return findings.passed(check, self.archive_key)

    def test_disks(self, check: CheckDefinition) -> Finding:
        settings, name = settings_of(self.disks), self.disks["name"]
        active = settings.get("activeKey", {})
        wrong = {
            "not of your key": not _is_of(active.get("keyUrl", ""), self.disk_key),
            "not following the key's rotation": not settings.get("rotationToLatestKeyVersionEnabled"),
        }
        check_settings(f"disk encryption set {name}", wrong, self._find.place, str(active.get("keyUrl")))
        return findings.passed(check, f"{name} → {active['keyUrl']}")

    def test_archive(self, check: CheckDefinition) -> Finding:
        settings, name = settings_of(self.archive), self.archive["name"]
        wrong = {
            "not encrypted with your key": not self._is_encrypted(settings),
            "not closed to the public": settings.get("allowBlobPublicAccess") is not False,
            "open to shared keys": settings.get("allowSharedKeyAccess") is not False,
            "reachable without TLS 1.2": not _insists_on_tls(settings),
        }
        check_settings(f"log archive {name}", wrong, self._find.place, str(self.archive["id"]))
        return findings.passed(check, f"{name} → {self.archive_key}")

    def test_containers(self, check: CheckDefinition) -> Finding:
        path = str(self.archive["id"])
        listed = self._find.sessions.observer.listed(
            versions.CONTAINER, f"{path}/blobServices/default/containers"
        )
        found = {each["name"]: settings_of(each).get("publicAccess") or "None" for each in listed}
        missing = [each for each in (LOGS, ACCESS) if each not in found]
        if missing:
            title = f"The log archive has no container {' and no '.join(missing)}"
            raise Mismatch(title, apply_again(self._find.place), ", ".join(sorted(found)))
        wrong = {
            f"open to the public in {name}": access != "None" for name, access in sorted(found.items())
        } | {f"not expiring after {ARCHIVE_DAYS} days": not self._expires(path)}
        check_settings(f"log archive {self.archive['name']}", wrong, self._find.place, path)
        return findings.passed(check, f"{', '.join(sorted(found))}: {ARCHIVE_DAYS} days")

    def _key(self, name: str) -> str:
        """Return the address of a key, without a version. Raises Mismatch."""
        key = self._find.sessions.observer.find(versions.KEY, f"{self.vault['id']}/keys/{name}")
        if key is None:
            title = f"There is no key “{name}” in the vault {self.vault['name']}"
            raise Mismatch(title, apply_again(self._find.place))
        settings = settings_of(key)
        actions = settings.get("rotationPolicy", {}).get("lifetimeActions", ())
        wrong = {
            "disabled": settings.get("attributes", {}).get("enabled") is False,
            "not rotated": "rotate" not in [_action(each) for each in actions],
        }
        check_settings(f"key “{name}”", wrong, self._find.place, str(settings.get("keyUri")))
        return str(settings["keyUri"])

    def _is_encrypted(self, settings: Mapping[str, Any]) -> bool:
        encryption = settings.get("encryption", {})
        key = encryption.get("keyvaultproperties", {})
        uri = f"{str(key.get('keyvaulturi', '')).rstrip('/')}/keys/{key.get('keyname')}"
        of_vault = str(encryption.get("keySource", "")).lower() == "microsoft.keyvault"
        # A version would pin the key, and its rotation would change nothing.
        return of_vault and same_id(uri, self.archive_key) and not key.get("keyversion")

    def _expires(self, path: str) -> bool:
        policy = self._find.sessions.observer.find(versions.LIFECYCLE, f"{path}/managementPolicies/default")
        rules = settings_of(policy or {}).get("policy", {}).get("rules", ())
        ages = [_age(rule) for rule in rules if rule.get("enabled", True)]
        return ARCHIVE_DAYS in ages


def _is_of(versioned: str, key: str) -> bool:
    return versioned.lower() == key.lower() or versioned.lower().startswith(f"{key.lower()}/")


def _action(lifetime_action: Mapping[str, Any]) -> str:
    return str(lifetime_action.get("action", {}).get("type", "")).lower()


def _insists_on_tls(settings: Mapping[str, Any]) -> bool:
    return settings.get("minimumTlsVersion") in ("TLS1_2", "TLS1_3") and bool(
        settings.get("supportsHttpsTrafficOnly")
    )


def _age(rule: Mapping[str, Any]) -> int | None:
    deletion = rule.get("definition", {}).get("actions", {}).get("baseBlob", {}).get("delete", {})
    days = deletion.get("daysAfterModificationGreaterThan", deletion.get("daysAfterCreationGreaterThan"))
    return None if days is None else int(days)
