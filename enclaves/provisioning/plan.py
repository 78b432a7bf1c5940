"""Plans: what applying a revision would create, replace and remove. Made from rows alone.

The same rows give the same plan, byte for byte, so that its hash can be applied by name.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from enclaves.lifecycle import SERVING, HostState
from enclaves.models import Deployment, Enclave, Host, HostImage, MachineType
from enclaves.provisioning import catalogue

type Plan = dict[str, Any]

MIB = 1024
# As the constraint of hosts has it.
NUMBER_FREE = (HostState.DEPROVISIONED, HostState.FAILED, HostState.RETIRING)


class Unplannable(Exception):
    """A spec is well-formed, and can't be made true here; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Market:
    """What can be had in an enclave's zone: the machine types and images of its region."""

    machines: Sequence[MachineType]
    images: Mapping[str, HostImage]
    availability_zone_ids: Sequence[str]
    # How many more vCPUs the account may have, as its last proof found: by family, and of all under "".
    quota: Mapping[str, int] = field(default_factory=dict)


class Room:
    """What is left of a quota while a plan is made. Where no quota is known, there is room."""

    def __init__(self, quota: Mapping[str, int]) -> None:
        self._left = dict(quota)

    def shortage(self, machine: MachineType, count: int) -> str:
        """Say what is missing for so many machines; empty if nothing is."""
        wanted = machine.vcpu * count
        for family, text in ((machine.family, f" of the family {machine.family}"), ("", " in this region")):
            left = max(self._left.get(family, wanted), 0)
            if left < wanted:
                return f"{wanted:,} vCPUs{text}, and the quota of the account has {left:,} left"
        return ""

    def take(self, machine: MachineType, count: int) -> None:
        for family in {machine.family, ""} & set(self._left):
            self._left[family] -= machine.vcpu * count


def market_of(enclave: Enclave) -> Market:
    """Load the catalogue of the enclave's region (two queries)."""
    zone = enclave.zone
    region = {"cloud": zone.cloud, "region": zone.region}
    images = {image.architecture: image for image in HostImage.objects.filter(**region)}
    machines = list(MachineType.objects.filter(**region).order_by("name"))
    return Market(machines, images, zone.availability_zone_ids, enclave.quota)


def make_plan(deployment: Deployment, spec: Mapping[str, Any]) -> Plan:
    """Work out what it takes to turn what is into what the spec says.

    Raises Unplannable, naming the field of the spec, if the zone has no such machine or a change
    needs hosts to be rebuilt.
    """
    hosts = list(deployment.hosts.exclude(state=HostState.DEPROVISIONED).order_by("cluster", "number", "id"))
    return plan_hosts(spec, hosts, market_of(deployment.enclave), _applied_image(deployment))


def plan_hosts(
    spec: Mapping[str, Any], hosts: Sequence[Host], market: Market, applied_image: str = ""
) -> Plan:
    """Compare the wanted clusters with the hosts that are there; a pure function."""
    wanted = {cluster["name"]: cluster for cluster in spec["clusters"]}
    create: list[dict[str, Any]] = []
    remove: list[dict[str, str]] = []
    stay, room = 0, Room(market.quota)
    for position, cluster in enumerate(spec["clusters"]):
        there = [host for host in hosts if host.cluster == cluster["name"]]
        serving = [host for host in there if _serves(host)]
        kept, surplus = serving[: cluster["hosts"]], serving[cluster["hosts"] :]
        _refuse_rebuild(position, cluster, kept)
        stay += len(kept)
        remove += [_removal(host, "no longer wanted") for host in surplus]
        if missing := cluster["hosts"] - len(kept):
            create += _new_hosts(position, cluster, missing, there, market, room)
    remove += [
        _removal(host, "its cluster is no longer in the spec")
        for host in hosts
        if host.cluster not in wanted and _serves(host)
    ]
    replace = [_removal(host, "it failed") for host in hosts if _failed(host)]
    image = {"from": applied_image, "to": spec["image"]} if applied_image != spec["image"] else None
    return {"create": create, "remove": remove, "replace": replace, "stay": stay, "image": image}


def plan_hash(revision_number: int, plan: Plan) -> str:
    """Name a plan of a revision by its content."""
    canonical = json.dumps([revision_number, plan], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def fitting_machines(machine: Mapping[str, Any], confidential: str, market: Market) -> list[MachineType]:
    """List the machine types that are large enough, the smallest first."""
    fitting = [
        offer
        for offer in market.machines
        if offer.vcpu >= machine["vcpu"]
        and offer.memory_mib >= machine["memory_gib"] * MIB
        and offer.architecture in market.images
        and offer.architecture == machine.get("architecture", offer.architecture)
        and (confidential == "none" or confidential in offer.confidential)
        and set(offer.availability_zone_ids) & set(market.availability_zone_ids)
    ]
    return sorted(fitting, key=lambda offer: (*_size(offer), catalogue.rank(offer), offer.name))


def _serves(host: Host) -> bool:
    return host.state in SERVING and not host.want_to_retire


def _failed(host: Host) -> bool:
    return host.state == HostState.FAILED and not host.want_to_retire


def _removal(host: Host, why: str) -> dict[str, str]:
    return {"id": str(host.pk), "name": host.name, "state": host.state, "why": why}


def _refuse_rebuild(position: int, cluster: Mapping[str, Any], kept: Iterable[Host]) -> None:
    """A host can't change its machine under way, and this portal does not rebuild hosts yet."""
    machine = cluster["machine"]
    for host in kept:
        fits = host.vcpu >= machine["vcpu"] and host.memory_mib >= machine["memory_gib"] * MIB
        same = (
            fits
            and host.disk_gib == machine["disk_gib"]
            and host.confidential == cluster["confidential"]
            and host.architecture == machine.get("architecture", host.architecture)
        )
        if not same:
            raise Unplannable(
                f"clusters.{position}.machine",
                f"The hosts of cluster {cluster['name']} would have to be rebuilt as other machines, which "
                "is not offered yet. Add a cluster with another name, move over, then remove this one.",
            )


def _new_hosts(
    position: int,
    cluster: Mapping[str, Any],
    count: int,
    there: Sequence[Host],
    market: Market,
    room: Room,
) -> list[dict[str, Any]]:
    machine = _choose_machine(position, cluster, count, market, room)
    room.take(machine, count)
    places = _spread(market, machine, Counter(host.availability_zone_id for host in there if _serves(host)))
    # One that will go keeps its number until it does.
    numbers = _free_numbers({host.number for host in there if host.state not in NUMBER_FREE})
    return [
        {
            "cluster": cluster["name"],
            "number": (number := next(numbers)),
            "name": f"{cluster['name']}-{number}",
            "machine": machine.name,
            "architecture": machine.architecture,
            "vcpu": machine.vcpu,
            "memory_mib": machine.memory_mib,
            "disk_gib": cluster["machine"]["disk_gib"],
            "confidential": cluster["confidential"],
            "availability_zone_id": next(places),
            "image_id": market.images[machine.architecture].image_id,
        }
        for _ in range(count)
    ]


def _choose_machine(
    position: int, cluster: Mapping[str, Any], count: int, market: Market, room: Room
) -> MachineType:
    fitting = fitting_machines(cluster["machine"], cluster["confidential"], market)
    if not fitting:
        raise Unplannable(f"clusters.{position}.machine", _no_machine(cluster, market))
    # A larger machine than asked for costs more: a quota that is spent is told rather than evaded by it.
    smallest = [offer for offer in fitting if _size(offer) == _size(fitting[0])]
    for offer in smallest:
        if not room.shortage(offer, count):
            return offer
    shortage = room.shortage(smallest[0], count)
    text = f"{count:,} × {smallest[0].name} need {shortage}, as of its last proof."
    advice = "Ask the cloud for more and have the account checked again, or ask for less."
    raise Unplannable(f"clusters.{position}.hosts", f"{text} {advice}")


def _size(offer: MachineType) -> tuple[int, int]:
    return offer.vcpu, offer.memory_mib


def _no_machine(cluster: Mapping[str, Any], market: Market) -> str:
    if not market.machines or not market.images:
        return "The machine types of this region are not known yet; the proof of the enclave reads them."
    wish = cluster["machine"]
    kind = wish.get("architecture", "any architecture")
    hidden = "" if cluster["confidential"] == "none" else f", confidential: {cluster['confidential']}"
    return (
        f"No machine type of this zone has {wish['vcpu']} vCPU and {wish['memory_gib']} GiB "
        f"({kind}{hidden}). Ask for less, or for another architecture."
    )


def _spread(market: Market, machine: MachineType, taken: Counter[str]) -> Iterator[str]:
    """Yield availability zones, always one that has the fewest hosts of the cluster so far."""
    offered = [zone for zone in market.availability_zone_ids if zone in machine.availability_zone_ids]
    while True:
        zone = min(offered, key=lambda name: (taken[name], offered.index(name)))
        taken[zone] += 1
        yield zone


def _free_numbers(taken: set[int]) -> Iterator[int]:
    number = 0
    while True:
        number += 1
        if number not in taken:
            yield number


def _applied_image(deployment: Deployment) -> str:
    return str(deployment.applied.spec["image"]) if deployment.applied else ""
