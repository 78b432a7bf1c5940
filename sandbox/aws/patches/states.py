"""Instances take their time to start and to end, and vanish some time after their end."""

import copy
from typing import Any

from moto.ec2.models import instances
from moto.ec2.models.instances import Instance

from sandbox.aws.behaviour import BEHAVIOUR
from sandbox.aws.patches.lookups import INSTANCES, instances_of

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
BEFORE = {"running": "pending", "terminated": "shutting-down", "stopped": "stopping"}

terminate_at_once = Instance.terminate


class TimedState:
    """A state on its way: setting the name sets the goal, reading it tells how far the clock got."""

    def __init__(self, name: str = "pending", code: int = 0) -> None:
        self.name = name

    @property
    def name(self) -> str:
        delay = BEHAVIOUR.pending_seconds if self._goal == "running" else BEHAVIOUR.shutdown_seconds
        return BEFORE.get(self._goal, self._goal) if self.age < delay else self._goal

    @name.setter
    def name(self, goal: str) -> None:
        self._goal = goal
        self._since = BEHAVIOUR.clock()

    @property
    def code(self) -> int:
        return CODES[self.name]

    @code.setter
    def code(self, value: int) -> None:
        """The engine sets name and code together; the code follows from the name."""

    @property
    def age(self) -> float:
        """Seconds since the goal was set."""
        return BEHAVIOUR.clock() - self._since

    @property
    def is_ending(self) -> bool:
        return self._goal == "terminated"


def apply() -> None:
    instances.InstanceState = TimedState  # type: ignore[misc, assignment]
    Instance.terminate = _terminate  # type: ignore[method-assign]
    Instance.instance_status = property(_status)  # type: ignore[assignment, method-assign]
    Instance.system_status = property(_status)  # type: ignore[assignment, method-assign]


def _terminate(self: Any) -> Any:
    """Repeatable, and it gives the addresses back, which the engine keeps."""
    if self._state.is_ending:
        return copy.copy(self._state)
    subnet = self.ec2_backend.get_subnet(self.subnet_id)
    previous = terminate_at_once(self)
    for address in self._private_ips:
        subnet.del_subnet_ip(address)
    self._private_ips = set()
    return previous


def _status(self: Any) -> dict[str, Any]:
    """The result of the status checks of a running instance, which need a while after its start."""
    if self._state.name != "running":
        return {"Status": "not-applicable"}
    checking = self._state.age < BEHAVIOUR.pending_seconds + BEHAVIOUR.status_seconds
    if self.id in BEHAVIOUR.impaired_instances:
        word, reachability = "impaired", "failed"
    else:
        word, reachability = ("initializing", "initializing") if checking else ("ok", "passed")
    return {"Status": word, "Details": [{"Name": "reachability", "Status": reachability}]}


def forget_ended(backend: Any) -> None:
    """Drop the instances that ended long enough ago."""
    for instance in instances_of(backend):
        state = instance._state
        if state.is_ending and state.age >= BEHAVIOUR.shutdown_seconds + BEHAVIOUR.vanish_seconds:
            _forget(backend, instance)


def _forget(backend: Any, instance: Any) -> None:
    INSTANCES.pop(instance.id, None)
    backend.tags.pop(instance.id, None)
    for identifier, reservation in list(backend.reservations.items()):
        reservation.instances = [one for one in reservation.instances if one is not instance]
        if not reservation.instances:
            del backend.reservations[identifier]
