"""Long-running operations: work that goes on after the answer, to be asked for by who started it."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.azure.clock import Clock
from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId

_log = logging.getLogger(__name__)

type Result = dict[str, Any] | None
type Status = Literal["InProgress", "Succeeded", "Failed"]


@dataclass
class Operation:
    """`style` tells how the caller learns of it: see ResourceType. `finish` may still raise ArmError."""

    target: ResourceId
    starter: str
    style: str
    ready_at: float
    finish: Callable[[], Result]
    is_done: Callable[[], bool]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: Status = "InProgress"
    error: dict[str, Any] | None = None
    result: Result = None

    def path(self, kind: str = "operations") -> str:
        of = self.target
        return f"{of.subscription_id}/providers/{of.namespace}/locations/global/{kind}/{self.id}"


class Operations:
    """All operations of the world; whoever looks makes those go on whose time has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}

    def start(
        self,
        target: ResourceId,
        starter: str,
        finish: Callable[[], Result],
        *,
        seconds: float = 0.0,
        style: str = "async",
        is_done: Callable[[], bool] | None = None,
    ) -> Operation:
        """Do `finish` when the seconds are over, or when `is_done` says so. `starter` is an object id."""
        ready_at = self._clock.now() + seconds
        done = is_done or (lambda: self._clock.now() >= ready_at)
        operation = Operation(target, starter, style, ready_at, finish, done)
        self._all[operation.id] = self._running[operation.id] = operation
        return operation

    def get(self, operation_id: str) -> Operation | None:
        return self._all.get(operation_id)

    def settle(self, operation: Operation) -> Operation:
        """Bring one up to date."""
        if operation.status == "InProgress":
            try:
                self._advance(operation)
            except ArmError as error:
                self._fail(operation, error)
            except Exception:
                # Whoever looks settles all operations: a fault in one must not answer for every request.
                _log.exception("The operation on %s broke.", operation.target)
                self._fail(operation, ArmError(500, "InternalServerError", "A fault; see the log."))
        return operation

    def _advance(self, operation: Operation) -> None:
        if operation.is_done():
            self._running.pop(operation.id, None)
            operation.result, operation.status = operation.finish(), "Succeeded"

    def _fail(self, operation: Operation, error: ArmError) -> None:
        self._running.pop(operation.id, None)
        operation.error, operation.status = error.error(), "Failed"

    def tick(self) -> None:
        for operation in list(self._running.values()):
            self.settle(operation)

    def clear(self) -> None:
        self._all.clear()
        self._running.clear()
