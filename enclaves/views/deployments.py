from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from enclaves.forms import ApplyPlanForm
from enclaves.lifecycle import DeploymentState
from enclaves.models import Deployment, Revision
from enclaves.services import deployments as services
from enclaves.services import seeing
from enclaves.services.spec import Fault, InvalidSpec
from enclaves.views import plans
from tenants.forms import ConfirmNameForm
from tenants.gate import TenantRequest, tenant_page
from tenants.paging import page_of
from tenants.policy import Permission
from tenants.views.answers import Question, answer, ask, refusals

EXAMPLE = """\
application: recommender
enclave: {enclave}
image: registry.example.com/recommender@sha256:{digest}
clusters:
  - name: query
    hosts: 3
    machine:
      vcpu: 2
      memory_gib: 8
      disk_gib: 50
"""
MAY = {
    "plan": Permission.DEPLOYMENT_PLAN,
    "retire": Permission.DEPLOYMENT_RETIRE,
    "access": Permission.ACCESS_ASK,
}
AT_REST = (DeploymentState.RETIRING, DeploymentState.RETIRED)


@require_GET
@tenant_page(Permission.DEPLOYMENT_VIEW)
def deployment_list(request: TenantRequest) -> HttpResponse:
    actor = request.actor
    rows = seeing.deployments(actor.tenant)
    context = {
        "page": page_of(rows, request.GET, order=["-created_at", "-id"]),
        "may_plan": actor.may(Permission.DEPLOYMENT_PLAN),
    }
    return answer(request, "enclaves/deployments/list.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.DEPLOYMENT_PLAN)
def deployment_new(request: TenantRequest) -> HttpResponse:
    ready = [str(enclave) for enclave in seeing.ready_enclaves(request.actor.tenant)]
    wanted = request.GET.get("enclave", "")
    enclave = wanted if wanted in ready else next(iter(ready), "aws:111122223333/prod.aws-us-east-1c")
    return _editor(request, "New deployment", EXAMPLE.format(enclave=enclave, digest="0" * 64))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.DEPLOYMENT_PLAN)
def deployment_edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    deployment = _deployment_of(request, pk)
    latest = _latest(deployment, request.GET.get("from", ""))
    heading = f"{deployment.application.name}, a new revision"
    return _editor(request, heading, latest.source if latest else "")


@require_GET
@tenant_page(Permission.DEPLOYMENT_VIEW)
def deployment_detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    deployment, actor = _deployment_of(request, pk), request.actor
    revisions = seeing.revisions(deployment)
    context = {
        "deployment": deployment,
        "revisions": revisions,
        "next_number": revisions[0].number + 1 if revisions else 1,
        "operations": seeing.operations_of(deployment),
        "wanted": _wanted(deployment),
        "may": {name: actor.may(permission) for name, permission in MAY.items()},
    }
    return answer(request, "enclaves/deployments/detail.html", context)


@require_GET
@tenant_page(Permission.DEPLOYMENT_VIEW)
def revision_detail(request: TenantRequest, pk: UUID, number: int) -> HttpResponse:
    deployment = _deployment_of(request, pk)
    revision = _revision_of(deployment, number)
    why_not = _why_not(request, deployment, revision)
    context = {
        "deployment": deployment,
        "revision": revision,
        "current": deployment.applied_id == revision.pk,
        "changed": "changed" in request.GET,
        "figures": plans.figures(revision.plan),
        "lines": plans.lines(revision.plan),
        "stay": revision.plan["stay"],
        "caveats": plans.caveats(revision.spec, deployment.enclave.account.words),
        "short_hash": f"{revision.plan_hash[:19]}…",
        "may_plan": request.actor.may(Permission.DEPLOYMENT_PLAN) and deployment.state not in AT_REST,
        "may_apply": not why_not,
        "why_not": why_not,
    }
    return render(request, "enclaves/deployments/revision.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.DEPLOYMENT_APPLY)
def revision_apply(request: TenantRequest, pk: UUID, number: int) -> HttpResponse:
    deployment = _deployment_of(request, pk)
    revision = _revision_of(deployment, number)
    form = ApplyPlanForm(
        request.POST or None, initial={"plan_hash": request.GET.get("plan", revision.plan_hash)}
    )
    if form.is_valid():
        return _applied(request, revision, form.cleaned_data["plan_hash"])
    hosts = [f"{figure.count} {figure.words}" for figure in plans.figures(revision.plan) if figure.count]
    question = Question(
        title=f"Apply revision {number} of {deployment.application.name}?",
        lead=f"In {deployment.enclave.account}, billed by the cloud to you. Hosts:",
        consequences=hosts,
        back=_revision_page(request, revision),
        act="Apply the plan",
        ends=False,
    )
    return ask(request, question, form)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.DEPLOYMENT_RETIRE, fresh=True)
def deployment_retire(request: TenantRequest, pk: UUID) -> HttpResponse:
    deployment = _deployment_of(request, pk)
    name = deployment.application.name
    page = reverse("deployment-detail", args=[request.actor.tenant.name, pk])
    form = ConfirmNameForm(request.POST or None, name=name)
    if form.is_valid():
        with refusals(request):
            operation = services.retire_deployment(deployment, by=request.actor)
            return redirect("operation-detail", request.actor.tenant.name, operation.pk)
        return redirect(page)
    question = Question(
        title=f"Retire {name}?",
        lead=f"In {deployment.enclave}. This cannot be undone:",
        consequences=[
            f"Hosts that are ended: {seeing.standing_hosts(deployment)}.",
            "Their disks are deleted with them.",
        ],
        back=page,
        keep="Keep it running",
        act="Retire the deployment",
    )
    return ask(request, question, form)


def _editor(request: TenantRequest, heading: str, source: str) -> HttpResponse:
    faults: Sequence[Fault] = ()
    if request.method == "POST":
        source = request.POST.get("source", "")
        try:
            revision = services.submit_spec(by=request.actor, source=source)
        except InvalidSpec as error:
            faults = error.faults
        else:
            return redirect(_revision_page(request, revision))
    context: dict[str, Any] = {
        "heading": heading,
        "source": source,
        "faults": faults,
        "wrong_lines": " ".join(str(fault.line) for fault in faults if fault.line),
        "enclaves": seeing.ready_enclaves(request.actor.tenant),
        "schema_url": reverse("api-deployment-spec-schema"),
    }
    status = 400 if faults else 200
    return render(request, "enclaves/deployments/edit.html", context, status=status)


def _applied(request: TenantRequest, revision: Revision, plan_hash: str) -> HttpResponse:
    try:
        with refusals(request):
            operation = services.apply_plan(revision, by=request.actor, plan_hash=plan_hash)
            return redirect("operation-detail", request.actor.tenant.name, operation.pk)
    except services.PlanChanged:
        return redirect(f"{_revision_page(request, revision)}?changed")
    return redirect(_revision_page(request, revision))


def _deployment_of(request: TenantRequest, pk: UUID) -> Deployment:
    return get_object_or_404(seeing.deployments(request.actor.tenant), pk=pk)


def _revision_of(deployment: Deployment, number: int) -> Revision:
    return get_object_or_404(deployment.revisions.select_related("deployment"), number=number)


def _latest(deployment: Deployment, number: str) -> Revision | None:
    if number:
        if not number.isdecimal():
            raise Http404
        return _revision_of(deployment, int(number))
    return deployment.revisions.first()


def _wanted(deployment: Deployment) -> int | None:
    if deployment.applied is None or deployment.state in AT_REST:
        return None
    return sum(int(cluster["hosts"]) for cluster in deployment.applied.spec["clusters"])


def _why_not(request: TenantRequest, deployment: Deployment, revision: Revision) -> str:
    """Why this plan cannot be applied here and now, by this person; empty if it can."""
    if not request.actor.may(Permission.DEPLOYMENT_APPLY):
        return "Your roles let you read plans, not apply them."
    if deployment.state in AT_REST:
        return f"The deployment is {deployment.get_state_display()}."
    if deployment.applied and revision.number == deployment.applied.number:
        return "This plan was applied."
    if deployment.applied and revision.number < deployment.applied.number:
        return (
            f"Revision {deployment.applied.number} was applied already. Write a new revision from this one."
        )
    return ""


def _revision_page(request: TenantRequest, revision: Revision) -> str:
    return reverse(
        "revision-detail", args=[request.actor.tenant.name, revision.deployment_id, revision.number]
    )
