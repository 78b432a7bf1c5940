"""Access as staff see it: what they asked for, and what their approvers decide. Tenants are told of looks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest, AccessRules, Host
from enclaves.services import fleet, visits
from enclaves.services.access import may_decide
from enclaves.views import granting
from tenants.looks import looking
from tenants.paging import page_of
from tenants.policy import StaffPermission
from tenants.scope import tenant_scope
from tenants.staff_gate import StaffActor, StaffRequest, fleet_page, staff_page
from tenants.views.answers import answer


@require_GET
@fleet_page(StaffPermission.ACCESS_LOOK)
def access_list(request: StaffRequest) -> HttpResponse:
    standing = fleet.standing_access()
    page = page_of(fleet.past_access(), request.GET, order=["-requested_at", "-id"])
    request.looks.at_list("access", [*standing, *page.rows])
    context = {
        **_desk(standing, request.staff),
        "page": page,
        "may_decide": request.staff.may(StaffPermission.ACCESS_DECIDE),
        "may_ask": request.staff.may(StaffPermission.ACCESS_ASK),
    }
    return answer(request, "staff/access/list.html", context)


def _desk(standing: Sequence[AccessRequest], staff: StaffActor) -> dict[str, list[AccessRequest]]:
    """What stands, by what it is to this one of the staff."""
    desk: dict[str, list[AccessRequest]] = {name: [] for name in _PARTS}
    rules = fleet.access_rules({row.tenant_id for row in standing})
    for row in standing:
        desk[_part(row, staff, rules[row.tenant_id])].append(row)
    return desk


_PARTS: Final = ("not_gone", "mine", "to_decide", "waiting", "granted")


def _part(row: AccessRequest, staff: StaffActor, rules: AccessRules) -> str:
    if row.state == AccessState.REVOCATION_FAILED:
        return "not_gone"
    if row.person_id == staff.id:
        return "mine"
    if row.state == AccessState.REQUESTED:
        return "to_decide" if may_decide(row, staff, rules) else "waiting"
    return "granted"


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_ASK)
def access_ask(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Ask for a host that was looked at, and for others of its deployment."""
    looked_at = get_object_or_404(fleet.every_host(), pk=pk)
    _tell(request, looked_at)
    with tenant_scope(looked_at.tenant_id):
        tenant = visits.tenant_in_scope(looked_at.tenant_id)
        hosts = visits.open_hosts(tenant, deployment=str(looked_at.deployment_id))
        return granting.ask_page(request, tenant, hosts, chosen=looked_at)


@require_GET
@fleet_page(StaffPermission.ACCESS_LOOK)
def access_detail(request: StaffRequest, grant: str) -> HttpResponse:
    row = get_object_or_404(fleet.every_access(), name=grant)
    request.looks.into(row.tenant, row)
    return granting.show(request, row, fleet.access_rules([row.tenant_id])[row.tenant_id])


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_DECIDE, fresh=True)
def access_decide(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.decide_page(request, row)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_DECIDE)
def access_revoke(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.revoke_page(request, row)


@require_POST
@staff_page(StaffPermission.ACCESS_ASK)
def access_withdraw(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.withdraw(request, row)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_ASK)
def access_finish(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.finish_page(request, row)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_ASK)
def access_extend(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.extend_page(request, row)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ACCESS_ASK)
def access_certify(request: StaffRequest, grant: str) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.certify_page(request, row)


@require_GET
@staff_page(StaffPermission.ACCESS_ASK)
def certificate_download(request: StaffRequest, grant: str, pk: UUID) -> HttpResponse:
    with _in_its_tenant(request, grant) as row:
        return granting.download(request, row, pk)


@contextmanager
def _in_its_tenant(request: StaffRequest, grant: str) -> Iterator[AccessRequest]:
    """The request of this name, in the scope of its tenant: staff act on it by the rules of everybody."""
    try:
        with fleet.access_in_its_tenant(grant) as row:
            _tell(request, row)
            yield row
    except AccessRequest.DoesNotExist as error:
        raise Http404 from error


def _tell(request: StaffRequest, seen: AccessRequest | Host) -> None:
    # What is done tells of itself. To tell of the look beside it would wait for the end of the chain that
    # this very request holds.
    if request.method == "GET":
        with looking(request.staff) as looks:
            looks.into(seen.tenant, seen)
