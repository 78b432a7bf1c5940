"""Access as staff see it: what they asked for, and what their approvers decide. Tenants are told of looks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enclaves.lifecycle import AccessState
from enclaves.models import AccessRequest, Host
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
    """What stands, by what it is to this one of the staff: to decide, their own, or somebody else's."""
    rules = fleet.access_rules({row.tenant_id for row in standing})
    waiting = [row for row in standing if row.state == AccessState.REQUESTED]
    to_decide = [row for row in waiting if may_decide(row, staff, rules[row.tenant_id])]
    mine = [row for row in standing if row.person_id == staff.id]
    of_others = [row for row in standing if row not in mine]
    return {
        "to_decide": to_decide,
        "mine": mine,
        "waiting": [row for row in of_others if row in waiting and row not in to_decide],
        "granted": [row for row in of_others if row not in waiting],
    }


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
