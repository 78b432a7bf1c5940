"""The pages of staff about staff: who is one, with which roles, and what was done among them."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from tenants import staff_log
from tenants.errors import Refused
from tenants.forms import ConfirmForm
from tenants.models import StaffMember
from tenants.paging import page_of
from tenants.policy import StaffPermission
from tenants.services import staff
from tenants.staff_forms import AddStaffForm, StaffLogFilterForm, StaffRolesForm
from tenants.staff_gate import StaffRequest, staff_page
from tenants.views.answers import Question, add_errors, ask, refusals


@require_GET
@staff_page(StaffPermission.STAFF_VIEW)
def staff_people(request: StaffRequest) -> HttpResponse:
    page = page_of(staff.people(), request.GET, order=("-is_active", "-added_at", "-id"))
    context = {"page": page, "may_manage": request.staff.may(StaffPermission.STAFF_MANAGE)}
    return render(request, "staff/people/list.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.STAFF_MANAGE, fresh=True)
def staff_add(request: StaffRequest) -> HttpResponse:
    form = AddStaffForm(request.POST or None)
    if form.is_valid():
        try:
            member = staff.add_staff(**form.cleaned_data, by=request.staff)
        except ValidationError as error:
            add_errors(form, error)
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, f"{member.user.email} is staff now; a letter says how to begin.")
            return redirect("staff-people")
    return render(request, "staff/people/add.html", {"form": form})


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.STAFF_MANAGE, fresh=True)
def staff_roles(request: StaffRequest, pk: UUID) -> HttpResponse:
    member = _active(pk)
    form = StaffRolesForm(request.POST or None, initial={"roles": member.roles})
    if form.is_valid():
        try:
            staff.change_staff_roles(member, form.cleaned_data["roles"], by=request.staff)
        except Refused as refusal:
            form.add_error("roles", str(refusal))
        else:
            messages.success(request, f"{member.user.email} has the new roles from now on.")
            # Who gave up being an operator would find no list any more.
            return redirect("staff-home" if member.user == request.user else "staff-people")
    return render(request, "staff/people/roles.html", {"form": form, "member": member})


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.STAFF_MANAGE, fresh=True)
def staff_remove(request: StaffRequest, pk: UUID) -> HttpResponse:
    member = _active(pk)
    if request.method == "POST":
        with refusals(request):
            staff.remove_staff(member, by=request.staff)
            messages.success(request, f"{member.user.email} is no staff any more.")
            return redirect("tenant-choose" if member.user == request.user else "staff-people")
        return redirect("staff-people")
    question = Question(
        title=f"Remove {member.user} from staff?",
        lead="They see and do nothing here from this moment on.",
        consequences=["What they did stays in the audits of the tenants, and in the staff log."],
        back=reverse("staff-people"),
        keep="Keep",
        act="Remove now",
    )
    return ask(request, question, ConfirmForm())


@require_GET
@staff_page(StaffPermission.STAFF_VIEW)
def log_list(request: StaffRequest) -> HttpResponse:
    form = StaffLogFilterForm(request.GET)
    wanted = form.wanted()
    page = page_of(staff_log.find(**wanted), request.GET, order=("-recorded_at", "-id"))
    context = {"page": page, "form": form, "filtered": any(wanted.values())}
    return render(request, "staff/log.html", context)


def _active(pk: UUID) -> StaffMember:
    return get_object_or_404(staff.people(), pk=pk, is_active=True)
