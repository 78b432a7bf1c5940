from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.forms import MailForm, SeenForm
from tenants.gate import TenantRequest, tenant_page
from tenants.notifications import conditions, past, with_letters
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.services import notices
from tenants.views.answers import answer


@require_GET
@tenant_page(Permission.NOTIFICATION_VIEW)
def notification_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    page = page_of(with_letters(past(actor)), request.GET, order=("-changed_at", "-id"))
    held = conditions(actor)
    context = {
        "held": held,
        "page": page,
        "seen_until": actor.membership.seen_until if actor.membership else None,
        "newest": max((one.changed_at for one in [*held, *page.rows]), default=None),
    }
    return answer(request, "tenants/notifications/list.html", context)


@require_GET
@tenant_page(Permission.NOTIFICATION_VIEW)
def notification_bell(request: TenantRequest) -> HttpResponse:
    return render(request, "components/bell.html")


@require_POST
@tenant_page(Permission.NOTIFICATION_VIEW)
def notification_seen(request: TenantRequest) -> HttpResponse:
    form = SeenForm(request.POST)
    if form.is_valid():
        notices.mark_seen(form.cleaned_data["until"], by=request.actor)
    return redirect("notification-list", request.actor.tenant.name)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.NOTIFICATION_VIEW)
def mail_preferences(request: TenantRequest) -> HttpResponse:
    form = MailForm(request.POST or None, choices=notices.mail_choices(request.actor))
    if form.is_valid():
        notices.choose_mail(form.wanted(), by=request.actor)
        messages.success(request, "From now on you are written to about what you chose.")
        return redirect("notification-list", request.actor.tenant.name)
    return render(request, "tenants/notifications/mail.html", {"form": form})
