"""How an operation tells its progress: steps, log lines, and one outcome."""

from typing import Any

from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import OPEN_OPERATION, OperationState
from enclaves.models import Operation
from enclaves.provisioning import live
from enclaves.provisioning.telling import tell_of_failure, tell_of_success

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


def steps(*titles: str) -> list[dict[str, str]]:
    """Make the steps of a new operation, none of them begun."""
    return [{"title": title, "state": WAITING, "detail": ""} for title in titles]


def begin(operation: Operation, *, by: str) -> None:
    """Move an operation that waits, or was frozen, to running."""
    if operation.state == OperationState.RUNNING:
        return
    started = operation.started_at or timezone.now()
    operation.move_to(OperationState.RUNNING, started_at=started)
    live.log_line(operation, "work has begun", by=by)


def set_step(operation: Operation, position: int, state: str, detail: str = "", *, by: str) -> None:
    """Record where a step stands, and log it; saying the same twice changes and tells nothing."""
    current = operation.steps[position]
    if (current["state"], current["detail"]) == (state, detail):
        return
    changed = [dict(step) for step in operation.steps]
    changed[position].update(state=state, detail=detail)
    _save(operation, steps=changed)
    # That a step begins is seen; why one failed is told by the outcome.
    if state == DONE or (state, current["state"]) == (RUNNING, RUNNING):
        tone = "ok" if state == DONE else ""
        live.log_line(operation, f"{current['title']}: {detail or state}", by=by, tone=tone)
    else:
        live.nudge(operation.tenant_id, f"operation:{operation.pk}")


def finish(operation: Operation, outcome: str, *, by: str) -> None:
    """End an operation well."""
    with atomic():
        _end(operation, OperationState.FINISHED, outcome, by=by, tone="ok")
        tell_of_success(operation)


def fail(operation: Operation, outcome: str, *, by: str) -> None:
    """End an operation that did not do what it was asked to; ``outcome`` says what to do."""
    at = next((i for i, step in enumerate(operation.steps) if step["state"] == RUNNING), None)
    if at is not None:
        set_step(operation, at, FAILED, by=by)
    with atomic():
        _end(operation, OperationState.FAILED, outcome, by=by, tone="bad")
        tell_of_failure(operation)


def cancel(operation: Operation, outcome: str, *, by: str) -> None:
    """End an operation that nobody needs any more."""
    _end(operation, OperationState.CANCELLED, outcome, by=by, tone="warn")


def open_operations(**of: Any) -> list[Operation]:
    """Return the operations of an account, enclave or deployment that have not ended."""
    return list(Operation.objects.filter(state__in=OPEN_OPERATION, **of).order_by("created_at"))


def _end(operation: Operation, state: OperationState, outcome: str, *, by: str, tone: str) -> None:
    if state == OperationState.FINISHED:
        begin(operation, by=by)
    operation.move_to(state, outcome=outcome, ended_at=timezone.now())
    live.log_line(operation, outcome, by=by, tone=tone)


def _save(operation: Operation, **changes: Any) -> None:
    Operation.objects.filter(pk=operation.pk).update(**changes)
    for name, value in changes.items():
        setattr(operation, name, value)
