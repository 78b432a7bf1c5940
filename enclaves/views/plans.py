"""How a plan reads: one line for each lot of like hosts, and the figures above."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from enclaves.blueprints import CloudWords


@dataclass(frozen=True)
class Figure:
    count: int
    words: str
    tone: str = ""


class Line(NamedTuple):
    tone: str
    sign: str
    verb: str
    names: str
    note: str
    end: str
    changes: str


def figures(plan: Mapping[str, Any]) -> list[Figure]:
    return [
        Figure(len(plan["create"]), "to create", "ok"),
        Figure(len(plan["replace"]), "to replace", "warn"),
        Figure(len(plan["remove"]), "to remove", "warn"),
        Figure(plan["stay"], "stay" if plan["stay"] != 1 else "stays"),
    ]


def lines(plan: Mapping[str, Any]) -> list[Line]:
    """The plan in words; a thousand like hosts are one line."""
    return [*_created(plan["create"]), *_replaced(plan["replace"]), *_removed(plan["remove"]), *_image(plan)]


def caveats(spec: Mapping[str, Any], words: CloudWords) -> list[str]:
    """What to know of the levels of confidentiality that a spec asks for, before its plan is applied."""
    levels = sorted({cluster["confidential"] for cluster in spec["clusters"]})
    return [words.caveats[level] for level in levels if level in words.caveats]


def _created(hosts: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    for (cluster, machine, architecture, disk, confidential), lot in groupby(hosts, key=_lot):
        like = list(lot)
        names = names_of(cluster, [host["number"] for host in like])
        changes = f"{machine}, {architecture}, {disk} GiB encrypted with your key"
        if confidential != "none":
            changes += f", confidential: {confidential}"
        zones = ", ".join(sorted({host["availability_zone_id"] for host in like}))
        yield Line("ok", "+", "Create", names, "", _hosts(len(like)), f"{changes}, in {zones}")


def _replaced(hosts: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    for why, lot in groupby(sorted(hosts, key=_why), key=_why):
        names = [host["name"] for host in lot]
        yield Line("warn", "±", "Replace", ", ".join(names), f": {why}", _hosts(len(names)), "")


def _removed(hosts: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    for why, lot in groupby(sorted(hosts, key=_why), key=_why):
        names = [host["name"] for host in lot]
        yield Line("bad", "−", "Remove", ", ".join(names), f": {why}", _hosts(len(names)), "Disks go too.")


def _image(plan: Mapping[str, Any]) -> Iterator[Line]:
    image = plan.get("image")
    if image and image["from"]:
        yield Line("run", "~", "Change", "image", "", "for new hosts", f"{image['from']} → {image['to']}")


def names_of(cluster: str, numbers: Iterable[int]) -> str:
    """Hosts of a cluster by number, runs of them as a range: "query-1, query-4 to query-9"."""
    return ", ".join(name for run in _runs(sorted(numbers)) for name in _named(cluster, run))


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        yield [number for _, number in run]


def _named(cluster: str, run: list[int]) -> list[str]:
    first, *between, last = run if len(run) > 1 else run * 2
    if between:
        return [f"{cluster}-{first} to {cluster}-{last}"]
    return [f"{cluster}-{number}" for number in run]


def _lot(host: Mapping[str, Any]) -> tuple[Any, ...]:
    return host["cluster"], host["machine"], host["architecture"], host["disk_gib"], host["confidential"]


def _why(host: Mapping[str, Any]) -> str:
    return str(host["why"])


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count:,} hosts"
