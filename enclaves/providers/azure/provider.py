"""The provider for Azure: who does what of the protocol."""

from collections.abc import Iterator, Sequence

from enclaves.providers.azure import account, offers
from enclaves.providers.azure.account import AccountProof
from enclaves.providers.azure.config import AzureConfig
from enclaves.providers.azure.machines import Machines
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.azure.zone import Survey, checks
from enclaves.providers.base import (
    CheckDefinition,
    Claim,
    CloudHost,
    Finding,
    HostOrder,
    Offers,
    Place,
    Progress,
    ZoneProof,
    ZoneResources,
)


class AzureProvider:
    """Azure, seen with the rights that one claim gives. Made for one piece of work, not kept."""

    def __init__(self, claim: Claim, config: AzureConfig) -> None:
        self._claim = claim
        self._config = config
        self._sessions = Sessions(claim, config)
        self._machines = Machines(claim, self._sessions)

    def __repr__(self) -> str:
        return f"AzureProvider({self._claim.account})"

    def account_checks(self) -> Sequence[CheckDefinition]:
        return account.CHECKS

    def zone_checks(self) -> Sequence[CheckDefinition]:
        return checks.CHECKS

    def prove_account(self) -> Iterator[Finding]:
        return AccountProof(self._claim, self._sessions).run()

    def prove_zone(self, place: Place) -> ZoneProof:
        return Survey(self._claim, place, self._sessions).prove()

    def offers(self, place: Place) -> Offers:
        return offers.offers(self._claim, place, self._config, self._sessions)

    def list_hosts(self, place: Place) -> list[CloudHost]:
        return self._machines.listed(place)

    def healthy_hosts(self, place: Place, instance_ids: Sequence[str]) -> set[str]:
        return self._machines.healthy(place, instance_ids)

    def launch(self, place: Place, resources: ZoneResources, order: HostOrder) -> CloudHost:
        return self._machines.launch(place, resources, order)

    def follow(self, place: Place, operation: str) -> Progress:
        return self._machines.follow(operation)

    def terminate(self, place: Place, instance_ids: Sequence[str]) -> None:
        self._machines.terminate(place, instance_ids)
