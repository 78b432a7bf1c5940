from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from enclaves.forms import NewZoneForm
from enclaves.services import zones
from tenants.errors import Refused
from tenants.forms import ConfirmForm
from tenants.policy import StaffPermission
from tenants.staff_gate import StaffRequest, staff_page
from tenants.views.answers import Question, add_errors, ask


@require_GET
@staff_page(StaffPermission.ZONE_VIEW)
def zone_list(request: StaffRequest) -> HttpResponse:
    may_manage = request.staff.may(StaffPermission.ZONE_MANAGE)
    context = {"zones": list(zones.catalogue()), "may_manage": may_manage}
    return render(request, "staff/zones/list.html", context)


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ZONE_MANAGE, fresh=True)
def zone_add(request: StaffRequest) -> HttpResponse:
    form = NewZoneForm(request.POST or None)
    if form.is_valid():
        try:
            zone = zones.add_zone(**form.cleaned_data, by=request.staff)
        except ValidationError as error:
            add_errors(form, error)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"{zone} takes enclaves from now on.")
            return redirect("staff-zone-list")
    return render(request, "staff/zones/add.html", {"form": form})


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ZONE_MANAGE, fresh=True)
def zone_open(request: StaffRequest, zone: str) -> HttpResponse:
    found = get_object_or_404(zones.catalogue(), pk=zone)
    if request.method == "POST":
        zones.open_zone(found, by=request.staff)
        messages.success(request, f"{found} takes new enclaves.")
        return redirect("staff-zone-list")
    question = Question(
        title=f"Open {found}?",
        lead="Every tenant can add it to its accounts of that cloud.",
        back=reverse("staff-zone-list"),
        keep="Keep closed",
        act=f"Open {found}",
        ends=False,
    )
    return ask(request, question, ConfirmForm())


@require_http_methods(["GET", "POST"])
@staff_page(StaffPermission.ZONE_MANAGE, fresh=True)
def zone_close(request: StaffRequest, zone: str) -> HttpResponse:
    found = get_object_or_404(zones.catalogue(), pk=zone)
    if request.method == "POST":
        zones.close_zone(found, by=request.staff)
        messages.success(request, f"{found} takes no new enclaves.")
        return redirect("staff-zone-list")
    question = Question(
        title=f"Close {found}?",
        lead="No tenant can add it any more. Enclaves that are there stay, and go on.",
        back=reverse("staff-zone-list"),
        keep="Keep open",
        act=f"Close {found}",
    )
    return ask(request, question, ConfirmForm())
