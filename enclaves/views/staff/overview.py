"""The fleet in figures: what needs a person, and each zone over all tenants. They name no thing of any."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from enclaves.lifecycle import AccountState, HostState
from enclaves.services import fleet
from enclaves.services.fleet import Figures, ZoneFigures
from enclaves.views.home import Need
from tenants.policy import StaffPermission
from tenants.staff_gate import StaffRequest, fleet_page

MOST_CELLS: Final = 240  # more squares than these say less than their number


@dataclass(frozen=True)
class ZoneRow:
    """A zone, and its hosts as squares: those that need a look first."""

    zone: ZoneFigures
    cells: tuple[str, ...]

    @property
    def in_words(self) -> str:
        shown = [f"{count} {state}" for state, count in sorted(self.zone.hosts.items())]
        return ", ".join(shown) or "none yet"


@require_GET
@fleet_page(StaffPermission.FLEET_VIEW)
def fleet_overview(request: StaffRequest) -> HttpResponse:
    figures = fleet.figures()
    context = {
        "figures": figures,
        "verified": figures.accounts.get(AccountState.VERIFIED, 0),
        "needs": list(_needs(figures)),
        "rows": [ZoneRow(zone, _cells(zone)) for zone in figures.zones],
        "seen_at": timezone.now(),
    }
    return render(request, "staff/overview.html", context)


def _cells(zone: ZoneFigures) -> tuple[str, ...]:
    if zone.hosts_total > MOST_CELLS:
        return ()
    by_need = sorted(zone.hosts, key=_BY_NEED.index)
    return tuple(state for state in by_need for _ in range(zone.hosts[state]))


_H = HostState
_BY_NEED: Final[list[str]] = [
    _H.FAILED,
    _H.PARKED,
    _H.RETIRING,
    _H.PLANNED,
    _H.PROVISIONED,
    _H.READY,
    _H.ACTIVE,
]
_ACCOUNTS: Final = {
    AccountState.INSECURE: ("bad", "insecure", "A stranger gets in. Nothing is changed there."),
    AccountState.DEGRADED: (
        "warn",
        "degraded",
        "They were verified, and a check fails now. Changes are stopped.",
    ),
}


def _needs(figures: Figures) -> Iterator[Need]:
    if count := figures.grants_not_gone:
        title = f"{_some(count, 'grant')} ended, and nobody has confirmed that nothing is left"
        text = "Their hosts do not answer; the portal goes on asking."
        yield Need("bad", "s-bad", title, text, reverse("staff-access-list"), "See which")
    for state, (tone, word, text) in _ACCOUNTS.items():
        if count := figures.accounts.get(state, 0):
            title = f"{_some(count, 'cloud account')} {_are(count)} {word}"
            yield Need(tone, f"s-{tone}", title, text, _list("account", state=state), "See which")
    for zone in figures.zones:
        yield from _zone_needs(zone)
    if count := figures.operations_failed:
        url = _list("operation", state="failed")
        title = f"{_some(count, 'operation')} failed within a day"
        yield Need("bad", "s-bad", title, "Their tenants were told.", url, "See which")


def _zone_needs(zone: ZoneFigures) -> Iterator[Need]:
    failed, parked = zone.hosts.get(HostState.FAILED, 0), zone.hosts.get(HostState.PARKED, 0)
    if failed or parked:
        verb = "needs" if failed + parked == 1 else "need"
        title = f"{_some(failed + parked, 'host')} in {zone.name} {verb} a look"
        text, tone = f"{failed} failed, {parked} parked.", "bad" if failed else "warn"
        yield Need(
            tone, f"s-{tone}", title, text, _list("host", group="look", zone=zone.name), "Look at them"
        )
    if count := zone.degraded:
        url = _list("enclave", state="degraded", zone=zone.name)
        title = f"{_some(count, 'enclave')} in {zone.name} {_are(count)} degraded"
        yield Need("warn", "s-warn", title, "Changes are stopped there.", url, "See which")
    if count := zone.unexplained:
        title = f"{_some(count, 'machine')} in {zone.name} that no row explains"
        text, url = "The portal does not touch them.", _list("enclave", zone=zone.name)
        yield Need("warn", "s-unk", title, text, url, "See where")


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _list(noun: str, **wanted: str) -> str:
    return f"{reverse(f'staff-{noun}-list')}?{urlencode(wanted)}"
