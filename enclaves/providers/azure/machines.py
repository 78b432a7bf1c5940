"""Machines: list, launch, follow and end them, always in the zone's own resource group."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from enclaves.blueprints.azure.names import (
    HOST_TAG,
    REGISTRATION_TAG,
    group_id,
    subscription_id,
    zone_group,
)
from enclaves.providers.azure import errors, versions
from enclaves.providers.azure.addresses import Addresses
from enclaves.providers.azure.launch import machine_name, machine_request
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.azure.subscription import logical_zones
from enclaves.providers.base import (
    Claim,
    CloudHost,
    CloudHostState,
    HostOrder,
    Place,
    Progress,
    ProgressState,
    ProviderError,
    Trouble,
    ZoneResources,
)

type Machine = Mapping[str, Any]
type Status = Mapping[str, Any]

POWER = {
    "running": CloudHostState.RUNNING,
    "starting": CloudHostState.STARTING,
    "stopping": CloudHostState.STOPPED,
    "stopped": CloudHostState.STOPPED,
    "deallocating": CloudHostState.STOPPED,
    "deallocated": CloudHostState.STOPPED,
}
FINISHED = {
    "Succeeded": ProgressState.DONE,
    "Failed": ProgressState.FAILED,
    "Canceled": ProgressState.FAILED,
}
# What Azure answers to a launch of what it has or had under this name.
TAKEN = ("PreconditionFailed", "Conflict", "AnotherOperationInProgress", "OperationNotAllowed")
WRITE = f"{versions.MACHINE}/write"
# Azure numbers the zones of a subscription once and for all, so a worker asks once and not at every look.
_PHYSICAL_ZONES: dict[tuple[str, str], dict[str, str]] = {}


class Machines:
    """The machines of one claim's zones."""

    def __init__(self, claim: Claim, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions

    def listed(self, place: Place) -> list[CloudHost]:
        """List what is in the zone's group. Without a group it raises: nothing seen is not nothing."""
        observer, group = self._sessions.observer, self._group(place)
        machines = observer.listed(versions.MACHINE, f"{group}/providers/{versions.MACHINE}")
        if not machines:
            return []
        statuses = self._statuses()
        addresses = Addresses.of(group, observer)
        physical = self._physical_zones(place)
        return [
            self._host(machine, statuses.get(machine["id"].lower(), ()), addresses, physical)
            for machine in machines
        ]

    def healthy(self, place: Place, names: Sequence[str]) -> set[str]:
        """Read the pages of all machines' states, which are fewer than the machines."""
        if not names:
            return set()
        statuses = self._statuses()
        group = self._group(place)
        return {name for name in names if _is_healthy(statuses.get(_machine_id(group, name).lower(), ()))}

    def launch(self, place: Place, resources: ZoneResources, order: HostOrder) -> CloudHost:
        request = machine_request(self._claim, place, resources, order)
        name = machine_name(order.host_id)
        try:
            answer = self._sessions.provisioner.create(
                versions.MACHINE, _machine_id(self._group(place), name), request
            )
        except ProviderError as error:
            if error.code not in TAKEN or error.trouble in (Trouble.QUOTA, Trouble.THROTTLED):
                raise
            return self._launched_before(place, name, error)
        return CloudHost(
            instance_id=name,
            host_id=order.host_id,
            state=CloudHostState.STARTING,
            machine=order.machine,
            availability_zone_id=order.availability_zone_id,
            operation=answer.operation,
        )

    def follow(self, operation: str) -> Progress:
        answer = self._sessions.provisioner.ask(operation, versions.MACHINE)
        state = FINISHED.get(str(answer.body.get("status")), ProgressState.RUNNING)
        if state == ProgressState.FAILED:
            return Progress(state, error=errors.from_operation(WRITE, answer.body.get("error") or {}))
        return Progress(state, answer.retry_after if state == ProgressState.RUNNING else None)

    def terminate(self, place: Place, names: Sequence[str]) -> None:
        """End each; one that will not end now keeps no other from it."""
        kept: list[ProviderError] = []
        for name in names:
            try:
                self._sessions.provisioner.delete(versions.MACHINE, _machine_id(self._group(place), name))
            except ProviderError as error:
                if error.trouble in (Trouble.THROTTLED, Trouble.REFUSED):
                    raise
                kept.append(error)
        if kept:
            raise kept[0]

    def _launched_before(self, place: Place, name: str, refusal: ProviderError) -> CloudHost:
        """Return the machine of the first try. One that is on its way out is waited for."""
        machine = self._sessions.observer.find(versions.MACHINE, _machine_id(self._group(place), name))
        if machine is None:
            raise refusal
        host = self._host(machine, (), Addresses(), self._physical_zones(place))
        if host.state == CloudHostState.ENDING:
            text = "The machine of the try before is still being deleted."
            raise errors.made(WRITE, Trouble.UNAVAILABLE, refusal.code, text)
        return host

    def _statuses(self) -> dict[str, tuple[Status, ...]]:
        """Read the states of all machines of the subscription: Azure tells them for no group alone."""
        path = f"{subscription_id(self._claim.account)}/providers/{versions.MACHINE}"
        listed = self._sessions.observer.listed(versions.MACHINE, path, statusOnly="true")
        return {each["id"].lower(): _statuses_of(each) for each in listed}

    def _physical_zones(self, place: Place) -> dict[str, str]:
        known_as = (self._claim.account, place.region)
        if known_as not in _PHYSICAL_ZONES:
            zones = logical_zones(self._claim, self._sessions).get(place.region, {})
            _PHYSICAL_ZONES[known_as] = {logical: zone for zone, logical in zones.items()}
        return _PHYSICAL_ZONES[known_as]

    def _group(self, place: Place) -> str:
        return group_id(self._claim.account, zone_group(place.zone))

    def _host(
        self,
        machine: Machine,
        statuses: Sequence[Status],
        addresses: Addresses,
        physical_zones: Mapping[str, str],
    ) -> CloudHost:
        properties = machine.get("properties") or {}
        zones = machine.get("zones") or [""]
        found = addresses.of_machine(machine["id"])
        return CloudHost(
            instance_id=machine["name"],
            host_id=self._host_id(machine),
            state=_state(str(properties.get("provisioningState", "")), statuses),
            machine=properties.get("hardwareProfile", {}).get("vmSize", ""),
            availability_zone_id=physical_zones.get(zones[0], ""),
            private_ipv4=found.private_ipv4,
            ipv6=found.ipv6,
            public_ipv4=found.public_ipv4,
            launched_at=_moment(properties.get("timeCreated")),
            reason=_reason(statuses),
            identity=str(properties.get("vmId", "")).lower(),
        )

    def _host_id(self, machine: Machine) -> str | None:
        """Read our tag; under another registration it says nothing about our rows."""
        tags = machine.get("tags") or {}
        return tags.get(HOST_TAG) if tags.get(REGISTRATION_TAG) == self._claim.registration else None


def _machine_id(group: str, name: str) -> str:
    return f"{group}/providers/{versions.MACHINE}/{name}"


def _statuses_of(machine: Machine) -> tuple[Status, ...]:
    return tuple(machine.get("properties", {}).get("instanceView", {}).get("statuses") or ())


def _state(provisioning: str, statuses: Sequence[Status]) -> CloudHostState:
    """Say how a machine is. Only one that never got power has failed: later failures are of changes."""
    if provisioning == "Deleting":
        return CloudHostState.ENDING
    power = POWER.get(_power(statuses))
    if provisioning == "Creating" or (provisioning != "Failed" and power is None):
        return CloudHostState.STARTING
    return power or CloudHostState.FAILED


def _power(statuses: Sequence[Status]) -> str:
    codes = [str(each.get("code", "")) for each in statuses]
    return next((code.removeprefix("PowerState/") for code in codes if code.startswith("PowerState/")), "")


def _is_healthy(statuses: Sequence[Status]) -> bool:
    codes = {str(each.get("code", "")).lower() for each in statuses}
    return {"powerstate/running", "provisioningstate/succeeded"} <= codes


def _reason(statuses: Sequence[Status]) -> str:
    wrong = [each for each in statuses if each.get("level") == "Error"]
    return str(wrong[0].get("message") or wrong[0].get("displayStatus") or "") if wrong else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
