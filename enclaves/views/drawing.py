"""The drawing of an enclave: where each part of it stands. The template only puts it into SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from math import ceil
from typing import Final, NamedTuple

from django.urls import reverse

from enclaves.models import Enclave, Host
from enclaves.services.seeing import MOVING

PER_ROW: Final = 7
ROWS_PER_CLUSTER: Final = 3
CLUSTERS: Final = 8

# The hosts' subnet, from its left upper corner; the rest of the drawing grows with it.
TOP: Final = 240
FIRST_ROW: Final = 34
ROW: Final = 62
LEFT: Final = 448
STEP: Final = 50
LEAST: Final = 150
CORNER: Final = {"resting": 5, "moving": 17}


class Mark(NamedTuple):
    """One host."""

    host: Host
    url: str
    x: int
    y: int
    corner: int

    @property
    def middle(self) -> int:
        return self.x + 20

    @property
    def centre(self) -> int:
        return self.y + 17

    @property
    def foot(self) -> int:
        return self.y + 47


class Cluster(NamedTuple):
    """A cluster: its name, the hosts that are drawn, and how many are not."""

    name: str
    y: int
    marks: Sequence[Mark]
    more: int


@dataclass(frozen=True)
class Drawing:
    """Heights in the units of the drawing; every part below follows from how many rows of hosts there are."""

    clusters: Sequence[Cluster]
    subnet: int

    @property
    def network(self) -> int:
        return self.subnet + 102

    @property
    def zone(self) -> int:
        return self.subnet + 152

    @property
    def account(self) -> int:
        return self.subnet + 270

    @property
    def vendor(self) -> int:
        return self.subnet + 196

    @property
    def height(self) -> int:
        return self.subnet + 294

    @property
    def middle(self) -> int:
        return TOP + self.subnet // 2


class Parts(NamedTuple):
    """What the last proof found of the parts that are drawn, by their short names; empty if not seen."""

    group: str
    network: str
    archive: str


def parts_of(enclave: Enclave) -> Parts:
    sketch = enclave.account.words.sketch
    facts = (sketch.group_fact, sketch.network_fact, sketch.archive_fact)
    return Parts(*(str(enclave.resources.get(fact, "")).rpartition("/")[2] for fact in facts))


def draw(hosts: Sequence[Host], tenant: str) -> Drawing:
    """Place the hosts of an enclave, cluster by cluster; of a large cluster the first rows."""
    clusters, row = [], 0
    for name, members in _lots(hosts):
        shown = members[: PER_ROW * ROWS_PER_CLUSTER]
        marks = list(_marks(shown, row, tenant))
        clusters.append(Cluster(name, _y(row) + 22, marks, len(members) - len(shown)))
        row += ceil(len(shown) / PER_ROW)
    return Drawing(clusters, max(LEAST, FIRST_ROW + row * ROW + 8))


def _lots(hosts: Sequence[Host]) -> list[tuple[str, list[Host]]]:
    lots = [(name, list(lot)) for name, lot in groupby(hosts, key=lambda host: host.cluster)]
    return lots[:CLUSTERS]


def _marks(hosts: Sequence[Host], first_row: int, tenant: str) -> Iterator[Mark]:
    for row, lot in enumerate(batched(hosts, PER_ROW), start=first_row):
        for column, host in enumerate(lot):
            corner = CORNER["moving" if host.state in MOVING else "resting"]
            url = reverse("host-detail", args=[tenant, host.pk])
            yield Mark(host, url, LEFT + column * STEP, _y(row), corner)


def _y(row: int) -> int:
    return TOP + FIRST_ROW + row * ROW
