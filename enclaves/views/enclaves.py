from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from enclaves.forms import AddZoneForm
from enclaves.models import Enclave
from enclaves.services import enclaves as services
from enclaves.services import seeing, templates
from enclaves.views.accounts import account_of, download
from enclaves.views.checks import zone_group
from enclaves.views.drawing import draw, parts_of
from tenants.errors import Refused
from tenants.forms import ConfirmNameForm
from tenants.gate import TenantRequest, tenant_page
from tenants.policy import Permission
from tenants.views.answers import Question, add_errors, answer, ask, refusals

MAY = {
    "verify": Permission.ACCOUNT_VERIFY,
    "remove": Permission.ENCLAVE_REMOVE,
    "deploy": Permission.DEPLOYMENT_PLAN,
}


@require_GET
@tenant_page(Permission.ENCLAVE_VIEW)
def enclave_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    context = {
        "enclaves": list(seeing.enclaves(actor.tenant)),
        "may_create": actor.may(Permission.ENCLAVE_CREATE),
    }
    return answer(request, "enclaves/enclaves/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ENCLAVE_CREATE)
def enclave_add(request: TenantRequest) -> HttpResponse:
    accounts = seeing.accounts_that_take_zones(request.actor.tenant)
    form = AddZoneForm(
        request.POST or None,
        initial={"account": request.GET.get("account", "")},
        accounts=accounts,
        zones=seeing.open_zones({account.cloud for account in accounts}),
    )
    enclave = _added(request, form) if form.is_valid() else None
    if enclave is not None:
        return redirect(_page(request, enclave))
    return render(request, "enclaves/enclaves/add.html", {"form": form})


@require_GET
@tenant_page(Permission.ENCLAVE_VIEW)
def enclave_detail(request: TenantRequest, account: str, zone: str) -> HttpResponse:
    enclave, actor = _enclave_of(request, account, zone), request.actor
    context = {
        "enclave": enclave,
        "posture": zone_group(seeing.enclave_checks(enclave)),
        "deployments": seeing.deployments_in(enclave),
        "troubled": seeing.troubled_hosts(enclave),
        "resources": list(_flat(enclave.resources)),
        **_template(enclave),
        "drawing": draw(seeing.hosts_in(enclave), actor.tenant.name),
        "parts": parts_of(enclave),
        "may": {name: actor.may(permission) for name, permission in MAY.items()},
    }
    return answer(request, "enclaves/enclaves/detail.html", context)


@require_GET
@tenant_page(Permission.ENCLAVE_VIEW)
def enclave_template(request: TenantRequest, account: str, zone: str) -> HttpResponse:
    enclave = _enclave_of(request, account, zone)
    with refusals(request):
        return download(templates.zone_template(enclave))
    return redirect(_page(request, enclave))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.ENCLAVE_REMOVE, fresh=True)
def enclave_remove(request: TenantRequest, account: str, zone: str) -> HttpResponse:
    enclave = _enclave_of(request, account, zone)
    form = ConfirmNameForm(request.POST or None, name=enclave.zone_id)
    leftover = enclave.account.words.leftover
    if form.is_valid():
        with refusals(request):
            services.remove_enclave(enclave, by=request.actor)
            messages.success(request, f"{enclave} is removed. You can delete its {leftover} now.")
            return redirect("enclave-list", request.actor.tenant.name)
        return redirect(_page(request, enclave))
    question = Question(
        title=f"Remove {enclave.zone_id} from {enclave.account}?",
        lead="The portal gives the zone up.",
        consequences=[
            "Its deployments must be retired before.",
            f"The network, the keys and the archive stay until you delete the zone's {leftover}.",
        ],
        back=_page(request, enclave),
        keep="Keep the zone",
        act="Remove the zone",
    )
    return ask(request, question, form)


def _template(enclave: Enclave) -> dict[str, Any]:
    """The zone template for the page, or what it waits for."""
    try:
        return {"template": templates.zone_template(enclave)}
    except Refused as waits:
        return {"waits": str(waits)}


def _added(request: TenantRequest, form: AddZoneForm) -> Enclave | None:
    account = account_of(request, form.cleaned_data["account"])
    try:
        with refusals(request):
            return services.create_enclave(account, by=request.actor, zone=form.cleaned_data["zone"])
    except ValidationError as error:
        add_errors(form, error)
    return None


def _enclave_of(request: TenantRequest, account: str, zone: str) -> Enclave:
    try:
        return seeing.enclave(request.actor.tenant, account, zone)
    except Enclave.DoesNotExist as error:
        raise Http404 from error


def _page(request: TenantRequest, enclave: Enclave) -> str:
    return reverse("enclave-detail", args=[request.actor.tenant.name, enclave.account, enclave.zone_id])


def _flat(resources: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What a proof found, as names with their values, however deep the provider keeps them."""
    for name, value in resources.items():
        if isinstance(value, Mapping):
            for below, values in _flat(value):
                yield f"{_spoken(name)}, {below}", values
        elif value:
            yield _spoken(name), [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _spoken(name: str) -> str:
    return name.replace("_", " ")
