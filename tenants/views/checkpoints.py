"""What proves the audit without us: checkpoints to keep, a verifier, and the keys to verify them with."""

from pathlib import Path
from typing import Final

from django.contrib import messages
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from tenants import audit, signing, verifier
from tenants.errors import Refused
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission

KEEP: Final = "public, max-age=3600"
VERIFIER_FILE: Final = "enclave-audit-verify.py"
VERIFIER: Final = Path(verifier.__file__)


@require_GET
@tenant_page(Permission.AUDIT_VIEW)
def checkpoint_list(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    page = page_of(audit.checkpoints(tenant), request.GET, order=("-sequence",))
    context = {
        "page": page,
        "chain": audit.head(tenant),
        "can_sign": signing.can_sign(),
        "command": _command(tenant.name, page.rows[0].sequence) if page.rows else "",
    }
    return render(request, "tenants/audit/checkpoints.html", context)


def _command(tenant: str, sequence: int) -> str:
    files = f"--checkpoint {_checkpoint_file(tenant, sequence)} --key enclave-audit-keys.json"
    return f"python3 {VERIFIER_FILE} {tenant}-audit.jsonl {files}"


@require_POST
@tenant_page(Permission.AUDIT_VIEW)
def checkpoint_sign(request: TenantRequest) -> HttpResponse:
    tenant = request.actor.tenant
    try:
        checkpoint = audit.sign(tenant, audit.verify(tenant), by=request.actor)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The chain is intact, and signed up to event {checkpoint.sequence}.")
    return redirect("checkpoint-list", tenant.name)


@require_GET
@tenant_page(Permission.AUDIT_VIEW)
def checkpoint_download(request: TenantRequest, sequence: int) -> HttpResponse:
    tenant = request.actor.tenant
    checkpoint = get_object_or_404(audit.checkpoints(tenant), sequence=sequence)
    headers = _as_file(_checkpoint_file(tenant.name, sequence))
    return JsonResponse(audit.document(checkpoint), headers=headers, json_dumps_params={"indent": 2})


def _checkpoint_file(tenant: str, sequence: int) -> str:
    return f"{tenant}-checkpoint-{sequence}.json"


@require_GET
@tenant_page(Permission.AUDIT_VIEW)
def verifier_download(request: TenantRequest) -> HttpResponse:
    headers = _as_file(VERIFIER_FILE)
    return HttpResponse(VERIFIER.read_bytes(), content_type="text/x-python; charset=utf-8", headers=headers)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@require_safe
@non_atomic_requests
def read_keys(request: HttpRequest) -> JsonResponse:
    keys = signing.published_keys()
    headers = {"Cache-Control": KEEP if keys else "no-store"}
    return JsonResponse({"keys": keys}, content_type="application/jwk-set+json", headers=headers)
