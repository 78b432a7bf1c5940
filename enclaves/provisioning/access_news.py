"""What people are told of somebody's access, in which words, and who besides those whom the kind names."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from enclaves.lifecycle import AccessEnd, AccessState
from enclaves.models import AccessRequest, AccessRules
from enclaves.models.access import said_length
from tenants.actors import Actor, StaffActor, System
from tenants.kinds import Kind
from tenants.models import StaffMember
from tenants.notifications import clear, notify
from tenants.policy import StaffRole

_MOST_NAMED: Final = 3
_VENDOR: Final = AccessRequest.Side.VENDOR
_ENDED: Final = {
    AccessEnd.EXPIRED: "over",
    AccessEnd.REVOKED: "revoked",
    AccessEnd.FINISHED: "finished",
    AccessEnd.FROZEN: "ended by the freeze",
}


def asked(request: AccessRequest, hosts: Sequence[str]) -> None:
    """Tell those who decide."""
    who = "An admin of yours" if request.side == _VENDOR else "An approver of the vendor"
    length = said_length(request.minutes_asked)
    _tell(
        Kind.ACCESS_ASKED,
        request,
        f"{request.asked_as} asks for access to {_some(hosts)}",
        f"“{request.reason}” For {length}. {who} decides within 24 hours.",
        people=_approvers(request),
    )


def decided(request: AccessRequest) -> None:
    if request.state == AccessState.DENIED:
        title = f"{request.decided_as} denied the access of {request.asked_as}"
    else:
        length = said_length(request.minutes_given or 0)
        title = f"{request.decided_as} approved the access of {request.asked_as} for {length}"
    said = f"“{request.note}”" if request.note else ""
    _tell(Kind.ACCESS_DECIDED, request, title, said, people=[request.person_id])
    no_more_asked(request)


def lapsed(request: AccessRequest) -> None:
    title = f"Nobody decided on the access of {request.asked_as}"
    _tell(Kind.ACCESS_DECIDED, request, title, "It can be asked for again.", people=[request.person_id])
    no_more_asked(request)


def no_more_asked(request: AccessRequest) -> None:
    clear(Kind.ACCESS_ASKED, tenant=request.tenant, source=source(request))


def opened(request: AccessRequest) -> None:
    hosts = list(request.places.order_by("host__name").values_list("host__name", flat=True))
    until = f" until {request.ends_at:%H:%M} UTC" if request.ends_at else ""
    _tell(Kind.ACCESS_ACTIVE, request, f"{request.asked_as} may get onto {_some(hosts)}{until}")


def never_opened(request: AccessRequest) -> None:
    title = f"The access of {request.asked_as} never opened"
    _tell(Kind.ACCESS_ENDED, request, title, request.problem, people=[request.person_id])


def ended(
    request: AccessRequest, why: AccessEnd, *, by: Actor | StaffActor | System, because: str = ""
) -> None:
    clear(Kind.ACCESS_ACTIVE, tenant=request.tenant, source=source(request))
    title = f"The access of {request.asked_as} is {_ENDED[why]}"
    said = because or ("" if isinstance(by, System) else f"By {by.label}.")
    _tell(Kind.ACCESS_ENDED, request, title, said, people=[request.person_id])


def not_gone(request: AccessRequest) -> None:
    title = f"The access of {request.asked_as} is over, but not known to be gone"
    todo = "We go on asking. If you cannot wait, cut the host off in your own account."
    _tell(Kind.ACCESS_NOT_GONE, request, title, f"{request.problem} {todo}")


def gone(request: AccessRequest) -> None:
    clear(Kind.ACCESS_NOT_GONE, tenant=request.tenant, source=source(request))


def source(request: AccessRequest) -> str:
    """How notifications name a request."""
    return f"access:{request.pk}"


def _tell(
    kind: Kind, request: AccessRequest, title: str, detail: str = "", people: Sequence[UUID] = ()
) -> None:
    notify(
        kind,
        tenant=request.tenant,
        source=source(request),
        title=title,
        detail=detail,
        link=f"/t/{request.tenant.name}/access/{request.name}/",
        people=people,
    )


def _approvers(request: AccessRequest) -> list[UUID]:
    """The vendor's approvers, where they may decide; they have no page of the tenant's to look at."""
    rules = AccessRules.objects.filter(tenant=request.tenant_id, delegates=True)
    if request.side == _VENDOR and not rules.exists():
        return []
    found = StaffMember.objects.filter(is_active=True, roles__contains=[StaffRole.APPROVER])
    return list(found.exclude(user=request.person_id).values_list("user_id", flat=True))


def _some(hosts: Sequence[str]) -> str:
    shown = hosts[:_MOST_NAMED]
    return ", ".join(shown) + (f" and {len(hosts) - len(shown)} more" if hosts[_MOST_NAMED:] else "")
