"""The outermost loop of a worker: claim, hand over, give back."""

import logging
from collections.abc import Callable
from datetime import datetime

from enclaves.lifecycle import IllegalMove
from enclaves.models import AccessRequest, CloudAccount, Enclave, Work
from enclaves.providers.base import ProviderError
from enclaves.provisioning import grants, work
from enclaves.provisioning.reconcile import reconcile
from enclaves.provisioning.verify import verify
from enclaves.provisioning.work import Claimed, LostLease
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

PIECES_PER_NUDGE = 100  # then the next message goes on, so that a worker can be shut down


def run_due(*, urgent_only: bool = False) -> int:
    """Do what is due, one piece after the other, until nothing is; return how many."""
    for done in range(PIECES_PER_NUDGE):
        claimed = work.claim(urgent_only=urgent_only)
        if claimed is None:
            return done
        run(claimed)
    return PIECES_PER_NUDGE


def run(claimed: Claimed) -> None:
    """Do one piece of work inside the scope of its tenant, and give it back, whatever happened."""
    with tenant_scope(claimed.tenant_id):
        try:
            again, problem = _HANDLERS[Work.Kind(claimed.kind)](claimed), ""
        except LostLease as error:
            log.warning("%s", error)
            return
        except IllegalMove as error:
            # Somebody moved it while this round was under way; the next one sees it where it is.
            again, problem = work.later(claimed), str(error)
            log.info("%s %s has to look again: %s", claimed.kind, claimed.subject, error)
        except ProviderError as error:
            again, problem = work.later(claimed, error), str(error)
            log.info("%s %s has to wait: %s", claimed.kind, claimed.subject, error)
        except Exception:
            # The one place that catches everything: an error of ours must not lose the work.
            again, problem = work.later(claimed), "An error in the portal; its operators see it in the log."
            log.exception("%s %s failed", claimed.kind, claimed.subject)
        claimed.release(look_again_at=again, problem=problem)


def _verify(claimed: Claimed) -> datetime | None:
    return verify(CloudAccount.objects.select_related("tenant").get(pk=claimed.subject), claimed)


def _reconcile(claimed: Claimed) -> datetime | None:
    enclave = Enclave.objects.select_related("account__tenant", "zone").get(pk=claimed.subject)
    return reconcile(enclave, claimed)


def _access(claimed: Claimed) -> datetime | None:
    everything = AccessRequest.objects.select_related("tenant", "enclave__account")
    return grants.carry(everything.get(pk=claimed.subject), claimed)


_HANDLERS: dict[Work.Kind, Callable[[Claimed], datetime | None]] = {
    Work.Kind.VERIFY: _verify,
    Work.Kind.RECONCILE: _reconcile,
    Work.Kind.ACCESS: _access,
}
