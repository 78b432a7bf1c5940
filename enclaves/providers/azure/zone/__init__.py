"""Proving a zone: exactly one of each thing that its template makes, found by tag."""

from collections.abc import Mapping

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.names import (
    HOST,
    LOGS,
    PROVISIONER,
    VERSION_TAG,
    identity_id,
    role_id,
)
from enclaves.providers.azure import findings, quota
from enclaves.providers.azure.findings import Mismatch, Test
from enclaves.providers.azure.permissions import Granted
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.azure.subscription import Subscription, logical_zones
from enclaves.providers.azure.zone import checks
from enclaves.providers.azure.zone.found import Finder, apply_again, tags_of
from enclaves.providers.azure.zone.network import Network
from enclaves.providers.azure.zone.storage import Storage
from enclaves.providers.base import (
    CheckDefinition,
    Claim,
    Finding,
    Outcome,
    Place,
    ZoneProof,
    ZoneResources,
)

NEEDS = {
    checks.WALLS: (checks.NETWORK,),
    checks.WAY_OUT: (checks.NUMBER, checks.NETWORK),
    checks.DISK_KEY: (checks.VAULT,),
    checks.ARCHIVE_KEY: (checks.VAULT,),
    checks.DISKS: (checks.DISK_KEY,),
    checks.ARCHIVE: (checks.ARCHIVE_KEY,),
    checks.CONTAINERS: (checks.ARCHIVE,),
    checks.ASSIGNMENTS: (checks.ARCHIVE,),
}


class Survey:
    """One proof of one zone; each kind of thing is asked for once."""

    def __init__(self, claim: Claim, place: Place, sessions: Sessions) -> None:
        self._claim = claim
        self._place = place
        self._sessions = sessions
        self._find = Finder(claim, place, sessions)
        self._granted = Granted(claim, sessions)
        self._subscription = Subscription(claim, sessions)
        self._network = Network(self._find)
        self._storage = Storage(self._find)
        self._zones: Mapping[str, str] = {}
        self._quota: Mapping[str, int] = {}

    def prove(self) -> ZoneProof:
        found = tuple(findings.of_zone(self._tests, NEEDS))
        whole = all(finding.outcome == Outcome.PASSED for finding in found)
        return ZoneProof(found, self._resources() if whole else {}, self._quota)

    @property
    def _tests(self) -> Mapping[CheckDefinition, Test]:
        return {
            checks.GROUP: self._test_group,
            # Deploying the zone template registered them; somebody may have taken that back.
            checks.PROVIDERS: self._subscription.test_providers,
            checks.NUMBER: self._test_number,
            checks.NETWORK: self._network.test_network,
            checks.WALLS: self._network.test_walls,
            checks.WAY_OUT: self._network.test_way_out,
            checks.VAULT: self._storage.test_vault,
            checks.DISK_KEY: self._storage.test_disk_key,
            checks.ARCHIVE_KEY: self._storage.test_archive_key,
            checks.DISKS: self._storage.test_disks,
            checks.ARCHIVE: self._storage.test_archive,
            checks.CONTAINERS: self._storage.test_containers,
            checks.ASSIGNMENTS: self._test_assignments,
            checks.QUOTA: self._test_quota,
        }

    def _resources(self) -> ZoneResources:
        return {
            "group": self._find.group,
            "network_id": self._network.network["id"],
            "subnet_id": self._network.subnet["id"],
            "security_group_id": self._network.walls["id"],
            "disk_encryption_set_id": self._storage.disks["id"],
            "disk_key": self._storage.disk_key,
            "archive_key": self._storage.archive_key,
            "archive_account": self._storage.archive["name"],
            "host_identity_id": identity_id(self._claim.account, HOST),
            "logical_zones": dict(self._zones),
        }

    def _test_group(self, check: CheckDefinition) -> Finding:
        group = self._find.only_group()
        tags = tags_of(group)
        if tags.get(VERSION_TAG) != str(self._place.template_version):
            raise Mismatch(
                f"The zone template is not at version {self._place.template_version}",
                apply_again(self._place),
                f"{VERSION_TAG} = {tags.get(VERSION_TAG, 'nothing')}",
            )
        return findings.passed(check, f"{self._find.group} in {group['location']}")

    def _test_number(self, check: CheckDefinition) -> Finding:
        known = logical_zones(self._claim, self._sessions).get(self._place.region, {})
        missing = [each for each in self._place.availability_zone_ids if each not in known]
        if missing:
            raise Mismatch(
                f"This subscription has no zone {', '.join(missing)}",
                f"Ask Azure's support for access to it in {self._place.region}. The check runs again by "
                "itself.",
                ", ".join(sorted(known)) or f"{self._place.region}: no zones",
            )
        self._zones = {each: known[each] for each in self._place.availability_zone_ids}
        self._network.zones = tuple(self._zones.values())
        return findings.passed(
            check, ", ".join(f"{each} is zone {number}" for each, number in self._zones.items())
        )

    def _test_assignments(self, check: CheckDefinition) -> Finding:
        account = self._claim.account
        logs = f"{self._storage.archive['id']}/blobServices/default/containers/{LOGS}"
        wanted = {
            PROVISIONER: (role_id(account, manifest.PROVISIONING.title), self._find.group_id),
            HOST: (role_id(account, manifest.HOSTING.title), logs),
        }
        for role, (definition, scope) in wanted.items():
            if (definition.lower(), scope.lower()) not in self._granted.assigned(role):
                title = f"The role of {role} is not assigned in {self._find.group}"
                raise Mismatch(title, apply_again(self._place), f"nothing at {scope}")
        return findings.passed(check, ", ".join(wanted))

    def _test_quota(self, check: CheckDefinition) -> Finding:
        self._quota = quota.left(self._claim, self._place.region, self._sessions)
        return findings.passed(check, f"{self._quota.get(quota.OURS, 'any number of')} vCPUs left")
