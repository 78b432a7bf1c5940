"""Deployments: a spec becomes a revision with a plan, a plan is applied by its hash, a deployment retired."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import AccountState, DeploymentState, EnclaveState, HostState
from enclaves.models import Application, Deployment, Enclave, Host, Operation, Revision, Work
from enclaves.provisioning import hosts, live, operations, rollout
from enclaves.provisioning.plan import Unplannable, make_plan, plan_hash
from enclaves.services import queue
from enclaves.services.spec import Fault, InvalidSpec, fault_at, parse_spec
from tenants import audit
from tenants.errors import Refused
from tenants.gate import Actor
from tenants.policy import Permission


class PlanChanged(Refused):
    """The world moved on since the plan was shown; the revision carries the new one, to be read again."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(
            "The world moved on, so the plan was made again. Read it once more before you apply."
        )
        self.revision = revision


@atomic
def create_application(*, by: Actor, name: str) -> Application:
    """Make an application. Submitting a spec that names a new one does the same.

    Raises ValidationError for a name that the tenant has already.
    """
    by.require(Permission.APPLICATION_CREATE)
    application, is_new = Application.objects.get_or_create(tenant=by.tenant, name=name)
    if not is_new:
        raise ValidationError({"name": f"There is an application {name} already."})
    audit.record("application.created", application, by=by, name=name)
    return application


@atomic
def submit_spec(*, by: Actor, source: str) -> Revision:
    """Make a new revision of a deployment from a spec, with its plan. Nothing in the cloud changes.

    Raises InvalidSpec with every fault of the spec that can be told.
    """
    by.require(Permission.DEPLOYMENT_PLAN)
    spec = parse_spec(source)
    enclave = _enclave(by, spec, source)
    deployment = _deployment(by, spec["application"], enclave)
    try:
        plan = make_plan(deployment, spec)
    except Unplannable as error:
        raise InvalidSpec([fault_at(source, error.field, str(error))]) from error
    last = deployment.revisions.first()
    number = last.number + 1 if last else 1
    revision = Revision.objects.create(
        tenant=by.tenant,
        deployment=deployment,
        number=number,
        spec=spec,
        source=source,
        plan=plan,
        plan_hash=plan_hash(number, plan),
        planned_at=timezone.now(),
        created_by=by.label,
    )
    audit.record("revision.submitted", deployment, by=by, revision=number, plan_hash=revision.plan_hash)
    live.nudge(by.tenant.pk, f"deployment:{deployment.pk}", "deployments")
    return revision


def apply_plan(revision: Revision, *, by: Actor, plan_hash: str) -> Operation:
    """Apply the plan that was shown: write its host rows, and have the worker make them true.

    Raises PlanChanged if that plan is no longer what would happen.
    """
    by.require(Permission.DEPLOYMENT_APPLY)
    with atomic():
        deployment = _locked(revision.deployment)
        _must_take_changes(deployment)
        _must_be_newest(deployment, revision)
        if _plan_again(deployment, revision) == plan_hash:
            return _apply(deployment, revision, by)
    raise PlanChanged(revision)


@atomic
def retire_deployment(deployment: Deployment, *, by: Actor) -> Operation:
    """End a deployment: all of its hosts are given back, and their disks with them."""
    by.require(Permission.DEPLOYMENT_RETIRE)
    deployment = _locked(deployment)
    _must_take_changes(deployment)
    living = deployment.hosts.exclude(state=HostState.DEPROVISIONED)
    count = living.update(want_to_retire=True)
    deployment.move_to(DeploymentState.RETIRING, problem="")
    _supersede(deployment, f"{by.label} retired the deployment")
    operation = _operation(
        deployment, Operation.Kind.RETIRE, f"Retire {deployment.application}", rollout.retire_steps(count), by
    )
    audit.record("deployment.retired", deployment, by=by, hosts=count)
    return operation


def _enclave(by: Actor, spec: dict[str, Any], source: str) -> Enclave:
    account, zone = spec["enclave"].split("/", 1)
    cloud, number = account.split(":", 1)
    found = (
        Enclave.objects.filter(tenant=by.tenant, account__cloud=cloud, account__number=number, zone_id=zone)
        .exclude(state=EnclaveState.REMOVED)
        .select_related("account", "zone")
        .first()
    )
    if found is None:
        raise InvalidSpec([fault_at(source, "enclave", f"{by.tenant} has no enclave {spec['enclave']}.")])
    return found


def _deployment(by: Actor, name: str, enclave: Enclave) -> Deployment:
    application = Application.objects.filter(tenant=by.tenant, name=name).first()
    if application is None:
        application = create_application(by=by, name=name)
    deployment = (
        enclave.deployments.filter(application=application)
        .exclude(state=DeploymentState.RETIRED)
        .select_related("applied", "enclave__zone")
        .first()
    )
    if deployment is None:
        return Deployment.objects.create(tenant=by.tenant, application=application, enclave=enclave)
    if deployment.state == DeploymentState.RETIRING:
        raise InvalidSpec([Fault("application", f"{deployment} is being retired. Wait until it is gone.")])
    return deployment


def _locked(deployment: Deployment) -> Deployment:
    """Load the deployment again, and keep others from changing it until the transaction ends."""
    rows = Deployment.objects.select_for_update(of=("self",))
    return rows.select_related("application", "applied", "enclave__zone", "enclave__account", "tenant").get(
        pk=deployment.pk
    )


def _must_take_changes(deployment: Deployment) -> None:
    enclave = deployment.enclave
    account = enclave.account
    if deployment.tenant.frozen_at or account.frozen_at:
        raise Refused("Changes are frozen. An admin can lift that.")
    if account.state != AccountState.VERIFIED:
        raise Refused(f"{account} is {account.state}, so nothing is changed in it. {account.problem}".strip())
    if enclave.state != EnclaveState.READY:
        raise Refused(f"{enclave} is {enclave.state}, so nothing is changed in it. {enclave.problem}".strip())


def _must_be_newest(deployment: Deployment, revision: Revision) -> None:
    if deployment.state in (DeploymentState.RETIRING, DeploymentState.RETIRED):
        raise Refused(f"{deployment} is {deployment.state}.")
    if deployment.applied and revision.number <= deployment.applied.number:
        raise Refused(
            f"Revision {deployment.applied.number} was applied already. "
            "To go back, submit the older spec again."
        )


def _plan_again(deployment: Deployment, revision: Revision) -> str:
    """Bring the revision's plan up to date with the world, and return its hash."""
    try:
        plan = make_plan(deployment, revision.spec)
    except Unplannable as error:
        raise Refused(str(error)) from error
    current = plan_hash(revision.number, plan)
    if current != revision.plan_hash:
        revision.plan, revision.plan_hash, revision.planned_at = plan, current, timezone.now()
        revision.save(update_fields=["plan", "plan_hash", "planned_at"])
    return current


def _apply(deployment: Deployment, revision: Revision, by: Actor) -> Operation:
    plan = revision.plan
    hosts.plan_rows(deployment, plan["create"], by=by.label)
    leaving = [one["id"] for one in (*plan["remove"], *plan["replace"])]
    Host.objects.filter(deployment=deployment, pk__in=leaving).update(want_to_retire=True)
    revision.applied_at, revision.applied_by = timezone.now(), by.label
    revision.save(update_fields=["applied_at", "applied_by"])
    deployment.applied = revision
    deployment.save(update_fields=["applied"])
    if deployment.state != DeploymentState.ROLLING_OUT:
        deployment.move_to(DeploymentState.ROLLING_OUT, problem="")
    _supersede(deployment, f"revision {revision.number} was applied")
    operation = _operation(
        deployment,
        Operation.Kind.DEPLOY,
        f"Deploy {deployment.application}, revision {revision.number}",
        rollout.deploy_steps(len(plan["create"]), len(leaving)),
        by,
        revision=revision,
    )
    audit.record(
        "plan.applied",
        deployment,
        by=by,
        revision=revision.number,
        plan_hash=revision.plan_hash,
        create=len(plan["create"]),
        remove=len(leaving),
    )
    return operation


def _operation(
    deployment: Deployment,
    kind: Operation.Kind,
    title: str,
    steps: list[dict[str, str]],
    by: Actor,
    revision: Revision | None = None,
) -> Operation:
    operation = Operation.objects.create(
        tenant=by.tenant,
        kind=kind,
        title=title,
        account=deployment.enclave.account,
        enclave=deployment.enclave,
        deployment=deployment,
        revision=revision,
        steps=steps,
        asked_by=by.label,
    )
    live.log_line(operation, f"asked for by {by.label}", by=by.label)
    live.nudge(
        by.tenant.pk,
        "operations",
        "deployments",
        "hosts",
        f"deployment:{deployment.pk}",
        f"enclave:{deployment.enclave_id}",
    )
    queue.ask(by.tenant.pk, Work.Kind.RECONCILE, deployment.enclave_id)
    return operation


def _supersede(deployment: Deployment, why: str) -> None:
    for operation in operations.open_operations(deployment=deployment):
        operations.cancel(operation, f"Superseded: {why}.", by="the portal")
