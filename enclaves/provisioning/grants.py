"""Grants, from their approval to the moment when nothing of them is left on any host.

The clocks of the gateway and of the hosts end a grant also without us; this is how the portal takes part,
keeps the record, and finds out that it is so.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from enclaves.lifecycle import GONE, GRANTED, AccessEnd, AccessState
from enclaves.models import AccessRequest, Agent, Work
from enclaves.provisioning import access_news, live, work
from enclaves.provisioning.heartbeats import SILENT_AFTER
from enclaves.provisioning.work import Claimed
from tenants import audit
from tenants.actors import Actor, StaffActor, System
from tenants.models import Membership, StaffMember
from tenants.policy import Permission, StaffPermission, allows, staff_allows
from tenants.scope import EVERYBODY, tenant_scope

log = logging.getLogger(__name__)

BY: Final = "access"
REVOKED_CHANNEL: Final = "access:revoked"  # gateways listen, see docs/access-wire.md
ACTIVATION_LASTS: Final = timedelta(minutes=5)
# Gateways cut within seconds of the end; what they have not confirmed by then is shouted about.
CONFIRMATION_LASTS: Final = timedelta(seconds=60)
SOON, LATER = timedelta(seconds=3), timedelta(seconds=30)


def carry(request: AccessRequest, claimed: Claimed) -> datetime | None:
    """Bring a request as far as it goes by itself, and say when to look again."""
    # By itself: everybody else locks the request first, and then the work that they ask for.
    claimed.keep()
    with transaction.atomic():
        again = _STEPS[AccessState(request.state)](request)
        live.nudge(request.tenant_id, f"access:{request.pk}", "access")
    return again


def end(
    request: AccessRequest, why: AccessEnd, *, by: Actor | StaffActor | System, because: str = ""
) -> None:
    """End a grant at once, as part of the transaction: from its commit on it opens nothing any more.

    Gateways are told; that nothing is left is found out afterwards, see `carry`.
    """
    request.move_to(AccessState.ENDED, ended_at=timezone.now(), ended_as=by.label[:200], end_reason=why)
    facts = {"why": why, "person": request.asked_as, **({"because": because} if because else {})}
    audit.record("access.ended", request, by=by, tenant=request.tenant, **facts)
    access_news.ended(request, why, by=by, because=because)
    work.ask(request.tenant_id, Work.Kind.ACCESS, request.pk, urgent=True)
    told = {"grant": request.name, "reason": why, "hosts": _hosts_to_look_at(request)}
    transaction.on_commit(partial(live.publish, REVOKED_CHANNEL, told), robust=True)


def _hosts_to_look_at(request: AccessRequest) -> list[str]:
    open_ones = request.sessions.filter(nothing_left_at=None)
    return sorted({str(host_id) for host_id in open_ones.values_list("host_id", flat=True)})


def look_at_grants_of(person_id: UUID) -> None:
    """Have what somebody was granted looked at now, in whichever tenant: they may have lost the right."""
    rows = AccessRequest.objects.using(EVERYBODY).filter(person_id=person_id, state__in=GRANTED)
    for tenant_id, request_id in rows.values_list("tenant_id", "pk"):
        with tenant_scope(tenant_id):
            work.ask(tenant_id, Work.Kind.ACCESS, request_id, urgent=True)


def _await_decision(request: AccessRequest) -> datetime | None:
    if timezone.now() < request.lapses_at:
        return request.lapses_at
    request.move_to(AccessState.LAPSED)
    audit.record("access.lapsed", request, by=_system(request), person=request.asked_as)
    access_news.lapsed(request)
    return None


def _activate(request: AccessRequest) -> datetime | None:
    if _must_end(request):
        return _end_by_itself(request)
    silent = _silent_hosts(request)
    if len(silent) < request.places.count():
        return _open(request, silent)
    if request.begins_at is None or timezone.now() < request.begins_at + ACTIVATION_LASTS:
        return timezone.now() + SOON
    problem = f"None of its hosts answers: {', '.join(silent)}."
    request.move_to(AccessState.ACTIVATION_FAILED, problem=problem, ended_at=timezone.now())
    audit.record("access.activation_failed", request, by=_system(request), problem=problem)
    access_news.never_opened(request)
    return None


def _open(request: AccessRequest, silent: Sequence[str]) -> datetime | None:
    problem = f"These hosts do not answer yet: {', '.join(silent)}." if silent else ""
    request.move_to(AccessState.ACTIVE, activated_at=timezone.now(), problem=problem)
    audit.record("access.activated", request, by=_system(request), person=request.asked_as, silent=silent)
    access_news.opened(request)
    return request.ends_at


def _silent_hosts(request: AccessRequest) -> list[str]:
    heard = Agent.objects.filter(seen_at__gte=timezone.now() - SILENT_AFTER)
    silent = request.places.exclude(host__in=heard.values("host"))
    return list(silent.order_by("host__name").values_list("host__name", flat=True))


def _stay_active(request: AccessRequest) -> datetime | None:
    if request.ends_at is None or _must_end(request):
        return _end_by_itself(request)
    # Also if a word of somebody who left was lost, see look_at_grants_of.
    return min(request.ends_at, timezone.now() + LATER)


def _must_end(request: AccessRequest) -> bool:
    return _is_frozen(request) or _is_over(request) or not is_still_somebody(request)


def _is_over(request: AccessRequest) -> bool:
    return request.ends_at is None or request.ends_at <= timezone.now()


def _is_frozen(request: AccessRequest) -> bool:
    return bool(request.tenant.frozen_at or request.enclave.account.frozen_at)


def is_still_somebody(request: AccessRequest) -> bool:
    """Whether who asked would be let ask today: people leave, and roles change."""
    if not request.person.is_active:
        return False
    if request.side == AccessRequest.Side.VENDOR:
        staff = StaffMember.objects.filter(user=request.person, is_active=True).first()
        return staff is not None and staff_allows(staff.roles, StaffPermission.ACCESS_ASK)
    member = Membership.objects.filter(user=request.person, tenant=request.tenant).first()
    return member is not None and allows(member.roles, Permission.ACCESS_ASK)


def _end_by_itself(request: AccessRequest) -> datetime | None:
    if _is_frozen(request):
        end(request, AccessEnd.FROZEN, by=_system(request))
    elif _is_over(request):
        end(request, AccessEnd.EXPIRED, by=_system(request))
    else:
        left = f"{request.asked_as} may not ask for access any more."
        end(request, AccessEnd.REVOKED, by=_system(request), because=left)
    return timezone.now()


def _confirm_end(request: AccessRequest) -> datetime | None:
    if request.nothing_left_at is not None:
        return None
    left = _sessions_left(request)
    if not left:
        _confirm(request)
        return None
    if request.state == AccessState.ENDED and _is_overdue(request):
        _shout(request, left)
    return timezone.now() + (SOON if request.state == AccessState.ENDED else LATER)


def _is_overdue(request: AccessRequest) -> bool:
    return request.ended_at is not None and request.ended_at < timezone.now() - CONFIRMATION_LASTS


def _sessions_left(request: AccessRequest) -> list[str]:
    # On a machine that is no more there is no process either.
    open_ones = request.sessions.filter(nothing_left_at=None).exclude(host__state__in=GONE)
    return sorted(set(open_ones.values_list("host__name", flat=True)))


def _confirm(request: AccessRequest) -> None:
    now = timezone.now()
    if request.state == AccessState.REVOCATION_FAILED:
        request.move_to(AccessState.ENDED, nothing_left_at=now, problem="")
    else:
        AccessRequest.objects.filter(pk=request.pk).update(nothing_left_at=now, problem="")
    audit.record("access.end_verified", request, by=_system(request), sessions=request.sessions.count())
    access_news.gone(request)


def _shout(request: AccessRequest, left: Sequence[str]) -> None:
    problem = f"Nobody has confirmed that nothing is left on {', '.join(left)}."
    request.move_to(AccessState.REVOCATION_FAILED, problem=problem)
    audit.record("access.revocation_failed", request, by=_system(request), hosts=list(left))
    access_news.not_gone(request)
    log.error("The end of %s could not be verified: %s", request.name, problem)


def _rest(request: AccessRequest) -> None:
    return None


_STEPS: Final = {
    AccessState.REQUESTED: _await_decision,
    AccessState.APPROVED: _activate,
    AccessState.ACTIVE: _stay_active,
    AccessState.ENDED: _confirm_end,
    AccessState.REVOCATION_FAILED: _confirm_end,
    AccessState.DENIED: _rest,
    AccessState.WITHDRAWN: _rest,
    AccessState.LAPSED: _rest,
    AccessState.ACTIVATION_FAILED: _rest,
}


def granted(**where: object) -> list[AccessRequest]:
    """The grants that open something now, locked until the end of the transaction."""
    found = AccessRequest.objects.select_for_update(no_key=True, of=("self",)).filter(state__in=GRANTED)
    return list(found.filter(**where).select_related("tenant").order_by("pk"))


def _system(request: AccessRequest) -> System:
    return System(BY, request.tenant_id)
