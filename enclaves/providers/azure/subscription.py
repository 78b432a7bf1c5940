"""What a subscription itself must be and allow: its directory, features, resource providers, zones."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from enclaves.blueprints.azure.names import ENCRYPTION_AT_HOST, subscription_id
from enclaves.providers.azure import findings, versions
from enclaves.providers.azure.findings import Mismatch
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.base import CheckDefinition, CheckGroup, Claim, Finding

ENCRYPTION = CheckDefinition("encryption-at-host", CheckGroup.PERMISSIONS, "Encryption at host is registered")
ZONES = CheckDefinition("zones", CheckGroup.PERMISSIONS, "Azure tells which of your zones is which")

NEEDED_PROVIDERS = (
    "Microsoft.Compute",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.Storage",
)
REGISTERED = "Registered"


class Subscription:
    """A look at one subscription; each test is one line of the page."""

    def __init__(self, claim: Claim, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions

    @property
    def id(self) -> str:
        return str(self._properties["subscriptionId"]).lower()

    def test_directory(self, check: CheckDefinition) -> Finding:
        found = str(self._properties.get("tenantId", "")).lower()
        evidence = f"tenantId = {found}"
        if found != self._claim.directory.lower():
            raise Mismatch(
                f"The subscription trusts another directory: {found}",
                "Remove this registration and register the subscription with that directory.",
                evidence,
            )
        return findings.passed(check, evidence)

    def test_providers(self, check: CheckDefinition) -> Finding:
        listed = self._sessions.observer.listed(versions.RESOURCE_PROVIDER, f"{self._path}/providers")
        states = {each["namespace"].lower(): each["registrationState"] for each in listed}
        missing = [name for name in NEEDED_PROVIDERS if states.get(name.lower()) != REGISTERED]
        if missing:
            told = ", ".join(missing)
            commands = "; ".join(f"az provider register --namespace {name}" for name in missing)
            raise Mismatch(
                f"Not registered: {told}",
                f"Register what is missing ({commands}). The check runs again by itself.",
                "; ".join(f"{name} is {states.get(name.lower(), 'unknown')}" for name in missing),
            )
        return findings.passed(check, ", ".join(NEEDED_PROVIDERS))

    def test_encryption(self, check: CheckDefinition) -> Finding:
        namespace, feature = ENCRYPTION_AT_HOST.split("/")
        path = f"{self._path}/providers/Microsoft.Features/providers/{namespace}/features/{feature}"
        found = self._sessions.observer.find(versions.FEATURE, path) or {}
        state = str(found.get("properties", {}).get("state", "NotRegistered"))
        if state != REGISTERED:
            told = "still being registered" if state == "Registering" else "not registered"
            raise Mismatch(
                f"Encryption at host is {told}",
                "The account template asks for it, and Azure takes some minutes. The check runs again by "
                "itself.",
                f"{ENCRYPTION_AT_HOST} is {state}",
            )
        return findings.passed(check, f"{ENCRYPTION_AT_HOST} is {state}")

    def test_zones(self, check: CheckDefinition) -> Finding:
        zones = logical_zones(self._claim, self._sessions)
        if not zones:
            raise Mismatch(
                "No region of this subscription has availability zones",
                "Ask Azure's support whether the subscription is restricted. The check runs again by itself.",
            )
        return findings.passed(check, f"{len(zones)} regions with zones", facts={"logical_zones": zones})

    @cached_property
    def _properties(self) -> Mapping[str, Any]:
        return self._sessions.observer.read(versions.SUBSCRIPTION, self._path)

    @property
    def _path(self) -> str:
        return subscription_id(self._claim.account)


def logical_zones(claim: Claim, sessions: Sessions) -> dict[str, dict[str, str]]:
    """Tell for each region what this subscription calls its physical zones: each has numbers of its own."""
    path = f"{subscription_id(claim.account)}/locations"
    return {
        location["name"]: {each["physicalZone"]: each["logicalZone"] for each in mappings}
        for location in sessions.observer.listed(versions.LOCATION, path)
        if (mappings := location.get("availabilityZoneMappings"))
    }
