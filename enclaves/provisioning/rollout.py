"""What a deployment's operations say while its hosts come and go, and when they are over."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import SERVING, AccountState, DeploymentState, HostState, OperationState
from enclaves.models import CloudAccount, Deployment, Enclave, Host, Operation
from enclaves.providers.base import ProviderError
from enclaves.provisioning import live, operations
from enclaves.provisioning.operations import DONE, RUNNING
from tenants import audit

BY = "reconciler"
PROOF = 0  # the first step of every operation that changes an account
LAUNCH = 1
WAIT_AT_MOST = timedelta(minutes=30)  # for an account that takes no changes


def deploy_steps(created: int, removed: int) -> list[dict[str, str]]:
    return operations.steps(
        "Prove the account",
        f"Launch {_hosts(created)}",
        "Pass the cloud's checks",
        "Come into service",
        f"Retire {_hosts(removed)}",
    )


def retire_steps(count: int) -> list[dict[str, str]]:
    return operations.steps("Prove the account", f"Retire {_hosts(count)}")


def has_proof(operation: Operation) -> bool:
    return bool(operation.steps[PROOF]["state"] == DONE)


def await_proof(waiting: Iterable[Operation]) -> None:
    for operation in waiting:
        operations.begin(operation, by=BY)
        operations.set_step(operation, PROOF, RUNNING, "waiting for a fresh proof", by=BY)


def note_proof(waiting: Iterable[Operation], at: datetime) -> None:
    for operation in waiting:
        operations.begin(operation, by=BY)
        operations.set_step(operation, PROOF, DONE, f"proved {at:%H:%M:%S} UTC", by=BY)


def freeze(running: Iterable[Operation]) -> None:
    """Stop at once; unfreezing wakes the work again."""
    for operation in running:
        if operation.state != OperationState.FROZEN:
            operations.begin(operation, by=BY)
            operation.move_to(OperationState.FROZEN)
            live.log_line(operation, "frozen: no change until an admin lifts it", by=BY, tone="warn")


def thaw(running: Iterable[Operation]) -> bool:
    """Let frozen operations go on, and say whether there were any."""
    frozen = [operation for operation in running if operation.state == OperationState.FROZEN]
    for operation in frozen:
        operations.begin(operation, by=BY)
    return bool(frozen)


def hold(running: Iterable[Operation], account: CloudAccount, enclave: Enclave) -> None:
    """Tell operations why nothing moves; give up on those that have waited too long."""
    verified = account.state == AccountState.VERIFIED
    why = f"{enclave} is {enclave.state}" if verified else f"{account} is {account.state}"
    problem = enclave.problem if verified else account.problem
    for operation in running:
        operations.begin(operation, by=BY)
        operations.set_step(operation, PROOF, RUNNING, f"{why}: no change is made", by=BY)
        if timezone.now() - operation.created_at > WAIT_AT_MOST:
            operations.fail(operation, f"{why}: {problem} Mend that, then apply again.", by=BY)


def report(enclave: Enclave, running: list[Operation], rows: list[Host], errors: list[ProviderError]) -> None:
    """Bring the operations of an enclave up to date with its hosts."""
    for operation in running:
        hosts = [host for host in rows if host.deployment_id == operation.deployment_id]
        for error in errors:
            live.log_line(operation, str(error), by=BY, tone="warn")
        if operation.kind == Operation.Kind.DEPLOY:
            _report_deploy(operation, hosts)
        elif operation.kind == Operation.Kind.RETIRE:
            _report_retire(operation, hosts)


def _report_deploy(operation: Operation, hosts: list[Host]) -> None:
    wanted = [host for host in hosts if not host.want_to_retire]
    leaving = [host for host in hosts if host.want_to_retire and host.state != HostState.DEPROVISIONED]
    passed = _passed(wanted)
    for position, state in enumerate((HostState.PROVISIONED, HostState.READY, HostState.ACTIVE), start=1):
        done = passed[state] == len(wanted)
        text = f"{passed[state]} of {len(wanted)}{_being_made(wanted) if position == LAUNCH else ''}"
        operations.set_step(operation, position, DONE if done else RUNNING, text, by=BY)
    operations.set_step(
        operation, 4, RUNNING if leaving else DONE, f"{len(leaving)} to go" if leaving else "", by=BY
    )
    failed = [host for host in wanted if host.state == HostState.FAILED]
    if failed and not any(host.state in SERVING[:-1] for host in wanted):
        _held_back(operation, failed)
    elif passed[HostState.ACTIVE] == len(wanted) and not leaving:
        _live(operation, wanted)


def _being_made(wanted: list[Host]) -> str:
    """Say how many orders the cloud has taken and not carried out yet."""
    count = sum(host.state == HostState.PLANNED and bool(host.cloud_operation) for host in wanted)
    return f", {count} being made" if count else ""


def _passed(wanted: list[Host]) -> Counter[HostState]:
    """Count the hosts that have come as far as each state, or further."""
    order = (HostState.PROVISIONED, HostState.READY, HostState.ACTIVE)
    count = Counter(dict.fromkeys(order, 0))
    for host in wanted:
        if host.state in order:
            for state in order[: order.index(HostState(host.state)) + 1]:
                count[state] += 1
    return count


def _held_back(operation: Operation, failed: list[Host]) -> None:
    reasons = "; ".join(sorted({f"{host.problem}" for host in failed}))
    names = ", ".join(host.name for host in failed)
    text = f"{names} failed: {reasons} Nothing was removed. Plan again to replace what failed."
    _settle(operation, DeploymentState.HELD_BACK, problem=text)
    operations.fail(operation, text, by=BY)


def _live(operation: Operation, wanted: list[Host]) -> None:
    number = operation.revision.number if operation.revision else 0
    _settle(operation, DeploymentState.LIVE)
    operations.finish(operation, f"Revision {number} is live on {_hosts(len(wanted))}.", by=BY)


def _report_retire(operation: Operation, hosts: list[Host]) -> None:
    left = [host for host in hosts if host.state != HostState.DEPROVISIONED]
    if left:
        operations.set_step(operation, 1, RUNNING, f"{len(left)} to go", by=BY)
        return
    operations.set_step(operation, 1, DONE, by=BY)
    _settle(operation, DeploymentState.RETIRED)
    operations.finish(operation, "Every host of the deployment is gone from the account.", by=BY)


def _settle(operation: Operation, target: DeploymentState, problem: str = "") -> None:
    deployment = Deployment.objects.get(operations=operation)
    if deployment.state != target:
        with atomic():
            deployment.move_to(target, problem=problem)
            audit.record(f"deployment.{target}", deployment, by=audit.System(BY, deployment.tenant_id))
    live.nudge(deployment.tenant_id, f"deployment:{deployment.pk}", "deployments")


def _hosts(count: int) -> str:
    return {0: "no host", 1: "1 host"}.get(count, f"{count} hosts")
