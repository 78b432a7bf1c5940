"""How far each step of a deployment is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.azure.deployments.plan import Step
from sandbox.azure.operations import Operation

type Json = Any


class State(StrEnum):
    WAITING = "NotStarted"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


STATES = {"InProgress": State.RUNNING, "Succeeded": State.SUCCEEDED, "Failed": State.FAILED}


@dataclass
class Task:
    """One step and how far it is."""

    step: Step
    state: State = State.WAITING
    operation: Operation | None = None
    error: dict[str, Json] | None = None
    timestamp: str = ""

    def fail(self, error: dict[str, Json]) -> None:
        self.state = State.FAILED
        self.error = error if error["code"] == "DeploymentFailed" else {**error, "target": self.step.id}
