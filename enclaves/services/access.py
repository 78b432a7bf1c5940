"""Temporary access to hosts: asking, deciding, ending. See provisioning/grants.py for what follows from it.

Everything here runs in the scope of the tenant, also when staff act; it raises Forbidden for who may not,
ValidationError with the names of fields, and Refused where the state forbids. Then nothing has changed.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import GRANTED, AccessEnd, AccessState, HostState
from enclaves.models import AccessHost, AccessRequest, AccessRules, Deployment, Host, Work
from enclaves.models.access import LONGEST, SHORTEST
from enclaves.provisioning import access_news, grants, live
from enclaves.services import queue
from tenants import audit
from tenants.actors import Actor, StaffActor
from tenants.errors import Forbidden, Refused
from tenants.models import Tenant
from tenants.policy import Permission, StaffPermission

type Person = Actor | StaffActor

USUAL: Final = 60  # minutes
LAPSES_AFTER: Final = timedelta(hours=24)
MOST_HOSTS: Final = 50
LONGEST_TEXT, LONGEST_TICKET = 500, 80  # characters
OPEN_HOSTS: Final = (HostState.PROVISIONED, HostState.READY, HostState.ACTIVE, HostState.PARKED)
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_Side = AccessRequest.Side


def rules_of(tenant: Tenant) -> AccessRules:
    """What the tenant has laid down, or what holds for who has not."""
    return AccessRules.objects.filter(tenant=tenant).first() or AccessRules(tenant=tenant)


@atomic
def change_rules(*, by: Actor, longest_minutes: int, delegates: bool) -> AccessRules:
    """Lay down how long a grant may be, and whether the vendor's approvers may decide for the tenant."""
    by.require(Permission.ACCESS_RULE)
    if not SHORTEST <= longest_minutes <= LONGEST:
        raise ValidationError({"longest_minutes": f"Choose {SHORTEST} to {LONGEST} minutes."})
    rules, _ = AccessRules.objects.update_or_create(
        tenant=by.tenant, defaults={"longest_minutes": longest_minutes, "delegates": delegates}
    )
    audit.record(
        "access.rules_changed", by.tenant, by=by, longest_minutes=longest_minutes, delegates=delegates
    )
    return rules


@atomic
def ask_access(
    hosts: Collection[Host],
    *,
    by: Person,
    tenant: Tenant,
    reason: str,
    minutes: int = USUAL,
    ticket: str = "",
    deployment: Deployment | None = None,
    extends: AccessRequest | None = None,
) -> AccessRequest:
    """Ask for a way onto these hosts. Nothing opens before somebody else has decided."""
    side, person_id = _asker(by)
    enclave_id = _one_enclave(hosts)
    _check_wish(reason, minutes, ticket, rules_of(tenant))
    _must_take_grants(tenant, next(iter(hosts)))
    now = timezone.now()
    request = AccessRequest.objects.create(
        tenant=tenant,
        name="grant-" + "".join(secrets.choice(_ALPHABET) for _ in range(10)),
        person_id=person_id,
        asked_as=by.label[:200],
        side=side,
        enclave_id=enclave_id,
        deployment=deployment,
        extends=extends,
        reason=reason.strip(),
        ticket=ticket.strip(),
        minutes_asked=minutes,
        requested_at=now,
        lapses_at=now + LAPSES_AFTER,
    )
    AccessHost.objects.bulk_create([AccessHost(tenant=tenant, request=request, host=host) for host in hosts])
    _tell_wish(request, sorted(host.name for host in hosts), by)
    return request


def extend_access(request: AccessRequest, *, by: Person, reason: str, minutes: int = USUAL) -> AccessRequest:
    """Ask for more time on the same hosts: a wish of its own, which is decided like any other."""
    must_be_of(request, by)
    if request.state not in GRANTED:
        raise Refused(f"{request} is {request.state}; ask anew instead.")
    hosts = [place.host for place in request.places.select_related("host")]
    return ask_access(
        [host for host in hosts if host.state in OPEN_HOSTS],
        by=by,
        tenant=request.tenant,
        reason=reason,
        minutes=minutes,
        ticket=request.ticket,
        deployment=request.deployment,
        extends=request,
    )


@atomic
def approve_access(
    request: AccessRequest, *, by: Person, minutes: int | None = None, note: str = ""
) -> AccessRequest:
    """Let the person in, for the time they asked for or less. The clock starts now."""
    decided_for = _decider(request, by)
    request = _as_it_is_now(request)
    _must_wait(request)
    _must_take_grants(request.tenant, request.places.select_related("host").all()[0].host)
    given = _given(request, minutes)
    now = timezone.now()
    _decide(
        request,
        AccessState.APPROVED,
        decided_for,
        by,
        note,
        minutes_given=given,
        begins_at=now,
        ends_at=now + timedelta(minutes=given),
    )
    return request


@atomic
def deny_access(request: AccessRequest, *, by: Person, note: str = "") -> AccessRequest:
    """Say no. The person is told, with the note."""
    decided_for = _decider(request, by)
    request = _as_it_is_now(request)
    _must_wait(request)
    _decide(request, AccessState.DENIED, decided_for, by, note)
    return request


@atomic
def withdraw_access(request: AccessRequest, *, by: Person) -> AccessRequest:
    """Take one's own wish back before anybody has decided."""
    must_be_of(request, by)
    request = _as_it_is_now(request)
    request.move_to(AccessState.WITHDRAWN)
    audit.record("access.withdrawn", request, by=by, tenant=request.tenant)
    access_news.no_more_asked(request)
    _go_on(request)
    return request


@atomic
def finish_access(request: AccessRequest, *, by: Person) -> None:
    """Give one's own grant back before its end."""
    must_be_of(request, by)
    grants.end(_as_it_is_now(request), AccessEnd.FINISHED, by=by)


@atomic
def revoke_access(request: AccessRequest, *, by: Person) -> None:
    """End somebody's grant at once: sessions are cut, and nothing of them goes on."""
    _must_end(by)
    grants.end(_as_it_is_now(request), AccessEnd.REVOKED, by=by)


def end_for_freeze(by: Actor, account_id: UUID | None = None) -> None:
    """End all grants of a tenant, or those in one account, as part of the transaction that freezes it."""
    where = {"enclave__account_id": account_id} if account_id else {}
    for request in grants.granted(tenant=by.tenant, **where):
        grants.end(request, AccessEnd.FROZEN, by=by)


def may_decide(request: AccessRequest, person: Person, rules: AccessRules) -> bool:
    """Whether this person is on the right side to decide, and is not the one who asked."""
    return bool(_deciding_side(request, person, rules))


def may_revoke(person: Person) -> bool:
    """Whether this person may end the grants of others."""
    if isinstance(person, StaffActor):
        return person.may(StaffPermission.ACCESS_DECIDE)
    return person.may(Permission.ACCESS_END)


def must_be_of(request: AccessRequest, by: Person) -> None:
    """Raise Forbidden for everybody but the person whose wish or grant it is."""
    if person_id(by) != request.person_id:
        raise Forbidden("Only who asked can do this.")


def person_id(by: Person) -> UUID | None:
    """The person who acts; None for a service account."""
    return by.id if isinstance(by, StaffActor) else by.person_id


def _asker(by: Person) -> tuple[str, UUID]:
    if isinstance(by, StaffActor):
        by.require(StaffPermission.ACCESS_ASK)
        return _Side.VENDOR, by.id
    by.require(Permission.ACCESS_ASK)
    if by.person_id is None:
        raise Forbidden("Access is given to a named person; a service account is none.")
    return _Side.TENANT, by.person_id


def _one_enclave(hosts: Collection[Host]) -> UUID:
    if not hosts:
        raise ValidationError({"hosts": "Name at least one host."})
    if len(hosts) > MOST_HOSTS:
        raise ValidationError({"hosts": f"Name at most {MOST_HOSTS} hosts."})
    closed = sorted(host.name for host in hosts if host.state not in OPEN_HOSTS)
    if closed:
        raise ValidationError({"hosts": f"Nobody can get onto these: {', '.join(closed)}."})
    enclaves = {host.enclave_id for host in hosts}
    if len(enclaves) > 1:
        raise ValidationError({"hosts": "Name hosts of one enclave only, and ask once for each enclave."})
    return enclaves.pop()


def _check_wish(reason: str, minutes: int, ticket: str, rules: AccessRules) -> None:
    problems = {}
    if not 1 <= len(reason.strip()) <= LONGEST_TEXT:
        problems["reason"] = f"Say why, in 1 to {LONGEST_TEXT} characters: whoever decides reads it."
    if not SHORTEST <= minutes <= rules.longest_minutes:
        problems["minutes"] = f"Ask for {SHORTEST} to {rules.longest_minutes} minutes."
    if len(ticket.strip()) > LONGEST_TICKET:
        problems["ticket"] = f"A ticket has {LONGEST_TICKET} characters at most."
    if problems:
        raise ValidationError(problems)


def _must_take_grants(tenant: Tenant, host: Host) -> None:
    if tenant.frozen_at:
        raise Refused(f"{tenant} is frozen: nobody gets in before an admin lifts it.")
    account = host.enclave.account
    if account.frozen_at:
        raise Refused(f"{account} is frozen: nobody gets in before an admin lifts it.")


def _tell_wish(request: AccessRequest, hosts: list[str], by: Person) -> None:
    facts = {"hosts": hosts, "minutes": request.minutes_asked, "reason": request.reason}
    audit.record("access.asked", request, by=by, tenant=request.tenant, ticket=request.ticket, **facts)
    access_news.asked(request, hosts)
    _go_on(request)


def _go_on(request: AccessRequest) -> None:
    queue.ask(request.tenant_id, Work.Kind.ACCESS, request.pk)
    live.nudge(request.tenant_id, f"access:{request.pk}", "access")


def _decider(request: AccessRequest, by: Person) -> str:
    """For which side this person decides. Raises Forbidden for who may not."""
    if isinstance(by, StaffActor):
        by.require(StaffPermission.ACCESS_DECIDE)
    else:
        by.require(Permission.ACCESS_DECIDE)
        if by.membership is None:
            raise Forbidden("A person decides on access, signed in and with a second factor; a token cannot.")
    if person_id(by) == request.person_id:
        raise Forbidden("Nobody decides on their own request.")
    side = _deciding_side(request, by, rules_of(request.tenant))
    if not side:
        raise Forbidden(_WHO_DECIDES[_Side(request.side)])
    return side


def _deciding_side(request: AccessRequest, by: Person, rules: AccessRules) -> str:
    """The side for which somebody decides; empty for who cannot."""
    if person_id(by) == request.person_id:
        return ""
    if isinstance(by, StaffActor):
        may = by.may(StaffPermission.ACCESS_DECIDE) and (request.side == _Side.TENANT or rules.delegates)
        return _Side.VENDOR if may else ""
    may = by.may(Permission.ACCESS_DECIDE) and by.membership is not None and request.side == _Side.VENDOR
    return _Side.TENANT if may else ""


_WHO_DECIDES: Final = {
    _Side.VENDOR: "An admin of the tenant decides on what the vendor's people ask.",
    _Side.TENANT: "An approver of the vendor decides on what members ask: the vendor answers for the hosts.",
}


def _as_it_is_now(request: AccessRequest) -> AccessRequest:
    # Read once more, now that nobody else can change it: somebody may have been faster.
    rows = AccessRequest.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("tenant", "enclave__account").get(pk=request.pk)


def _must_wait(request: AccessRequest) -> None:
    if request.state != AccessState.REQUESTED:
        raise Refused(f"{request} is {_spelled(request)} already.")
    if request.lapses_at <= timezone.now():
        raise Refused(f"{request} has lapsed: nobody decided in time. It has to be asked anew.")


def _spelled(request: AccessRequest) -> str:
    return request.state.replace("_", " ")


def _given(request: AccessRequest, minutes: int | None) -> int:
    ceiling = min(request.minutes_asked, rules_of(request.tenant).longest_minutes)
    given = ceiling if minutes is None else minutes
    if not SHORTEST <= given <= ceiling:
        raise ValidationError({"minutes": f"Give {SHORTEST} to {ceiling} minutes: shorten, never lengthen."})
    return given


def _decide(
    request: AccessRequest,
    target: AccessState,
    decided_for: str,
    by: Person,
    note: str,
    **changes: int | datetime,
) -> None:
    if len(note.strip()) > LONGEST_TEXT:
        raise ValidationError({"note": f"A note has {LONGEST_TEXT} characters at most."})
    decision = {
        "decided_at": timezone.now(),
        "decided_by_id": person_id(by),
        "decided_as": by.label[:200],
        "decided_for": decided_for,
        "note": note.strip(),
    }
    request.move_to(target, **decision, **changes)
    facts = {"person": request.asked_as, "note": request.note, "minutes": request.minutes_given}
    audit.record(f"access.{target}", request, by=by, tenant=request.tenant, decided_for=decided_for, **facts)
    access_news.decided(request)
    _go_on(request)


def _must_end(by: Person) -> None:
    if isinstance(by, StaffActor):
        by.require(StaffPermission.ACCESS_DECIDE)
    else:
        by.require(Permission.ACCESS_END)
