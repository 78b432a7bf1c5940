"""Adding zones to an account, and taking them away."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.transaction import atomic

from enclaves.lifecycle import AccountState, DeploymentState, EnclaveState
from enclaves.models import CloudAccount, Enclave, Work, Zone
from enclaves.provisioning import live, verify
from enclaves.services import queue
from tenants import audit
from tenants.errors import Refused
from tenants.gate import Actor
from tenants.policy import Permission


@atomic
def create_enclave(account: CloudAccount, *, by: Actor, zone: str) -> Enclave:
    """Add a zone to an account. The tenant then applies its zone template, and the proof finds it."""
    by.require(Permission.ENCLAVE_CREATE)
    if account.state == AccountState.REMOVED:
        raise Refused(f"{account} has been removed.")
    place = Zone.objects.filter(name=zone, cloud=account.cloud, is_open=True).first()
    if place is None:
        raise ValidationError({"zone": f"There is no zone {zone} for {account.cloud}."})
    if account.enclaves.filter(zone=place).exclude(state=EnclaveState.REMOVED).exists():
        raise ValidationError({"zone": f"{account} has an enclave in {zone} already."})
    enclave = _save_new(Enclave(tenant=by.tenant, account=account, zone=place))
    verify.prepare_checks(account, enclave)
    audit.record("enclave.created", enclave, by=by, enclave=str(enclave))
    queue.ask(enclave.tenant_id, Work.Kind.VERIFY, account.pk)
    live.nudge(enclave.tenant_id, "enclaves", f"account:{account.pk}")
    return enclave


def _save_new(enclave: Enclave) -> Enclave:
    try:
        with atomic():
            enclave.save(force_insert=True)
    except IntegrityError as error:
        # Somebody else of the tenant added it since we looked; the index decides.
        raise ValidationError({"zone": f"{enclave.account} has an enclave in it already."}) from error
    return enclave


@atomic
def remove_enclave(enclave: Enclave, *, by: Actor) -> None:
    """Give an enclave up. Its deployments must be retired before; its template's stack is the tenant's."""
    by.require(Permission.ENCLAVE_REMOVE)
    left = enclave.deployments.exclude(state=DeploymentState.RETIRED)
    names = list(left.values_list("application__name", flat=True))
    if names:
        raise Refused(f"Retire the deployments of {enclave} first: {', '.join(names)}.")
    enclave.move_to(EnclaveState.REMOVED)
    audit.record("enclave.removed", enclave, by=by, enclave=str(enclave))
    live.nudge(enclave.tenant_id, f"enclave:{enclave.pk}", "enclaves")
