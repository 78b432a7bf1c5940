"""Proving a zone: exactly one of each thing that its template makes, found by tag or by name."""

from collections.abc import Mapping

from enclaves.providers.aws import findings, offers
from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.findings import Mismatch, Test
from enclaves.providers.aws.machines import Machines
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.aws.zone import checks
from enclaves.providers.aws.zone.network import Network
from enclaves.providers.aws.zone.storage import Storage
from enclaves.providers.base import (
    CheckDefinition,
    Claim,
    Finding,
    HostOrder,
    Outcome,
    Place,
    ProviderError,
    Trouble,
    ZoneProof,
    ZoneResources,
)

REHEARSAL = "rehearsal"
# A rehearsal launches nothing, so any size will do that its image runs on.
REHEARSED = {"arm64": "m6g.large", "x86_64": "m5.large"}
NEEDS = {
    **dict.fromkeys(
        (
            checks.HOST_SUBNETS,
            checks.LOAD_BALANCER_SUBNETS,
            checks.WAY_OUT,
            checks.HOSTS_GROUP,
            checks.WALLS,
            checks.ENDPOINTS,
        ),
        (checks.NETWORK,),
    ),
    checks.ARCHIVE: (checks.ARCHIVE_KEY,),
    checks.REHEARSAL: (checks.HOST_SUBNETS, checks.HOSTS_GROUP, checks.DISK_KEY),
}


class Survey:
    """One proof of one zone; each kind of thing is asked for once."""

    def __init__(
        self, claim: Claim, place: Place, config: AwsConfig, sessions: Sessions, machines: Machines
    ) -> None:
        self._place = place
        self._config = config
        self._sessions = sessions
        self._machines = machines
        self._network = Network(claim, place, sessions)
        self._storage = Storage(claim, place, sessions)

    def prove(self) -> ZoneProof:
        found = tuple(findings.of_zone(self._tests, NEEDS))
        whole = all(finding.outcome == Outcome.PASSED for finding in found)
        return ZoneProof(found, self._resources() if whole else {})

    @property
    def _tests(self) -> Mapping[CheckDefinition, Test]:
        return {
            checks.NETWORK: self._network.test_network,
            checks.HOST_SUBNETS: self._network.test_host_subnets,
            checks.LOAD_BALANCER_SUBNETS: self._network.test_load_balancer_subnets,
            checks.WAY_OUT: self._network.test_way_out,
            checks.HOSTS_GROUP: self._network.test_hosts_group,
            checks.WALLS: self._network.test_walls,
            checks.ENDPOINTS: self._network.test_endpoints,
            checks.DISK_KEY: self._storage.test_disk_key,
            checks.ARCHIVE_KEY: self._storage.test_archive_key,
            checks.ARCHIVE: self._storage.test_archive,
            checks.REHEARSAL: self._rehearse,
        }

    def _resources(self) -> ZoneResources:
        return {
            "vpc_id": self._network.vpc_id,
            "subnets": self._network.host_subnets,
            "load_balancer_subnets": self._network.load_balancer_subnets,
            "security_group_id": self._network.group_id,
            "disk_key_arn": self._storage.disk_key_arn,
            "archive_key_arn": self._storage.archive_key_arn,
            "archive_bucket": self._storage.bucket,
        }

    def _rehearse(self, check: CheckDefinition) -> Finding:
        resources = {
            "subnets": self._network.host_subnets,
            "security_group_id": self._network.group_id,
            "disk_key_arn": self._storage.disk_key_arn,
        }
        try:
            self._machines.rehearse(self._place, resources, self._rehearsed())
        except ProviderError as error:
            if error.trouble not in (Trouble.REFUSED, Trouble.INVALID):
                raise
            raise Mismatch(
                "A launch would be refused",
                "Apply the account template and the zone template again. If it is refused then too, look for "
                "a service control policy of your organization.",
                f"DryRun ec2:RunInstances → {error.code}: {error}",
            ) from error
        return findings.passed(check, "DryRun ec2:RunInstances → allowed")

    def _rehearsed(self) -> HostOrder:
        images = offers.images(self._place.region, self._config, self._sessions)
        if not images:
            raise Mismatch(
                f"No host image is shared with this account in {self._place.region}",
                "This is the vendor's to do, not yours. The check runs again by itself.",
            )
        return HostOrder(
            host_id=REHEARSAL,
            name=REHEARSAL,
            token=REHEARSAL,
            machine=REHEARSED[images[0].architecture],
            image_id=images[0].image_id,
            disk_gib=20,
            availability_zone_id=self._place.availability_zone_ids[0],
            confidential="none",
            tags={},
        )
