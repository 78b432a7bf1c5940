"""One round of the reconciler: what all of its steps share, and how a round ends machines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.transaction import atomic

from enclaves.lifecycle import AccountState
from enclaves.models import CloudAccount, Enclave, Host
from enclaves.providers.base import Place, Provider, ProviderError
from enclaves.provisioning.work import Claimed
from tenants import audit

BY = "reconciler"


@dataclass
class Round:
    """One look at an enclave, and what came of it."""

    enclave: Enclave
    provider: Provider
    place: Place
    claimed: Claimed
    rows: list[Host]
    errors: list[ProviderError] = field(default_factory=list)

    def may_still_change(self) -> bool:
        """Look again before each change: a round takes minutes, and a freeze holds at once."""
        held = (
            Q(frozen_at__isnull=False) | Q(tenant__frozen_at__isnull=False) | ~Q(state=AccountState.VERIFIED)
        )
        return not CloudAccount.objects.filter(held, pk=self.enclave.account_id).exists()

    def record(self, action: str, subject: Host | Enclave, **detail: str | list[str]) -> None:
        """Write into the tenant's audit what was done in its account."""
        by = audit.System(BY, self.enclave.tenant_id)
        with atomic():
            audit.record(action, subject, by=by, tenant=None, enclave=str(self.enclave), **detail)

    def terminate(self, instance_ids: Sequence[str]) -> None:
        """End machines. A refusal is kept with the errors of the round."""
        self.claimed.keep()
        # Recorded before: a worker that dies with the answer finds the machines gone and asks no more.
        self.record("host.termination_asked", self.enclave, instances=list(instance_ids))
        try:
            self.provider.terminate(self.place, instance_ids)
        except ProviderError as error:
            self.errors.append(error)
        else:
            # What the cloud agreed to end had surfaced, so its absence is believed at once.
            Host.objects.filter(instance_id__in=instance_ids).update(launch_tried_at=None)
