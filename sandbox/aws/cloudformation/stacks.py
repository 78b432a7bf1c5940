"""The stacks of all accounts: made, updated and removed, and rolled back when something fails."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.cloudformation.resources.base import Place
from sandbox.aws.cloudformation.run import FAILURES, Resource, Run, reason
from sandbox.aws.cloudformation.template import StackError

type ClientFactory = Callable[[str, str, str], Any]


@dataclass
class Stack:
    """What a template made in one account and region."""

    account: str
    region: str
    name: str
    status: str = "REVIEW_IN_PROGRESS"
    parameters: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def resource_id(self, logical_id: str) -> str:
        return self.resources[logical_id].made.physical_id

    def note(self, logical_id: str, kind: str, status: str, why: str = "") -> None:
        moment = datetime.now(UTC).isoformat()
        self.events.append(
            {"at": moment, "logical_id": logical_id, "type": kind, "status": status, "reason": why}
        )

    def as_dict(self) -> dict[str, Any]:
        resources = {
            name: {"type": item.kind, "physical_id": item.made.physical_id}
            for name, item in self.resources.items()
        }
        return {
            "account": self.account,
            "region": self.region,
            "name": self.name,
            "status": self.status,
            "parameters": self.parameters,
            "resources": resources,
            "outputs": self.outputs,
            "events": self.events,
        }


class Stacks:
    """The registry. `client` gives a boto3 client with an account's root key, through the gate."""

    def __init__(self, client: ClientFactory) -> None:
        self._client = client
        self._stacks: dict[tuple[str, str, str], Stack] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.RLock()

    def listed(self) -> list[Stack]:
        return list(self._stacks.values())

    def apply(
        self, account: str, region: str, name: str, template: str, parameters: Mapping[str, str]
    ) -> Stack:
        """Create the stack, or update it if there is one of this name. Raises StackError, rolled back."""
        with self._lock:
            known = self._stacks.get((account, region, name))
            stack = known or Stack(account, region, name)
            verb = "UPDATE" if known else "CREATE"
            run = Run(template, parameters, self._place(account, region, name), stack.resources, stack.note)
            stack.note(name, "AWS::CloudFormation::Stack", f"{verb}_IN_PROGRESS")
            try:
                finished = run.carry_out()
            except FAILURES as error:
                raise self._rolled_back(stack, run, verb, error) from error
            stack.parameters, stack.outputs = run.parameters, finished
            stack.resources = run.resources
            self._stacks[account, region, name] = stack
            return _settled(stack, f"{verb}_COMPLETE")

    def delete(self, account: str, region: str, name: str) -> Stack:
        """Remove what the stack made, last first. What fails stays in the stack; delete it again then."""
        with self._lock:
            stack = self._stacks.get((account, region, name))
            if stack is None:
                raise StackError(f"Stack with id {name} does not exist")
            run = Run.of_nothing(self._place(account, region, name), stack.resources, stack.note)
            stack.note(name, "AWS::CloudFormation::Stack", "DELETE_IN_PROGRESS")
            problems = run.delete_all(stack.resources)
            if problems:
                _settled(stack, "DELETE_FAILED")
                raise StackError("; ".join(problems), stack.events)
            del self._stacks[account, region, name]
            return _settled(stack, "DELETE_COMPLETE")

    def _rolled_back(self, stack: Stack, run: Run, verb: str, error: Exception) -> StackError:
        problems = run.roll_back()
        status = "ROLLBACK_COMPLETE" if verb == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        _settled(stack, status.replace("COMPLETE", "FAILED") if problems else status)
        return StackError("; ".join([reason(error), *problems]), stack.events)

    def _place(self, account: str, region: str, name: str) -> Place:
        def client(service: str) -> Any:
            key = (service, account, region)
            if key not in self._clients:
                self._clients[key] = self._client(*key)
            return self._clients[key]

        return Place(client, account, region, name)


def _settled(stack: Stack, status: str) -> Stack:
    stack.status = status
    stack.note(stack.name, "AWS::CloudFormation::Stack", status)
    return stack
