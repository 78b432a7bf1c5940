"""The provider for AWS: who does what of the protocol."""

from collections.abc import Iterator, Sequence

from enclaves.providers.aws import account, offers
from enclaves.providers.aws.account import AccountProof
from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.machines import Machines
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.aws.zone import Survey, checks
from enclaves.providers.base import (
    CheckDefinition,
    Claim,
    CloudHost,
    Finding,
    HostOrder,
    Offers,
    Place,
    Progress,
    ProgressState,
    ZoneProof,
    ZoneResources,
)


class AwsProvider:
    """AWS, seen with the rights that one claim gives. Made for one piece of work, not kept."""

    def __init__(self, claim: Claim, config: AwsConfig) -> None:
        self._claim = claim
        self._config = config
        self._sessions = Sessions(claim, config)
        self._machines = Machines(claim, self._sessions)

    def __repr__(self) -> str:
        return f"AwsProvider({self._claim.account})"

    def account_checks(self) -> Sequence[CheckDefinition]:
        return account.CHECKS

    def zone_checks(self) -> Sequence[CheckDefinition]:
        return checks.CHECKS

    def prove_account(self) -> Iterator[Finding]:
        return AccountProof(self._claim, self._config, self._sessions).run()

    def prove_zone(self, place: Place) -> ZoneProof:
        return Survey(self._claim, place, self._config, self._sessions, self._machines).prove()

    def offers(self, place: Place) -> Offers:
        return offers.offers(place, self._config, self._sessions)

    def list_hosts(self, place: Place) -> list[CloudHost]:
        return self._machines.listed(place)

    def healthy_hosts(self, place: Place, instance_ids: Sequence[str]) -> set[str]:
        return self._machines.healthy(place, instance_ids)

    def launch(self, place: Place, resources: ZoneResources, order: HostOrder) -> CloudHost:
        return self._machines.launch(place, resources, order)

    def follow(self, place: Place, operation: str) -> Progress:
        # EC2 answers a launch with the machine itself, so there is nothing left to follow.
        return Progress(ProgressState.DONE)

    def terminate(self, place: Place, instance_ids: Sequence[str]) -> None:
        self._machines.terminate(place, instance_ids)
