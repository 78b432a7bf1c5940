from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from enclaves.lifecycle import AccountState, DeploymentState, EnclaveState
from enclaves.models import CloudAccount, Deployment, Enclave
from enclaves.services import seeing, visits
from enclaves.services.access import may_revoke
from tenants.gate import TenantRequest, tenant_page
from tenants.kinds import Kind
from tenants.models import Notification
from tenants.notifications import conditions
from tenants.policy import Permission
from tenants.views.answers import answer


class Need(NamedTuple):
    """Something that waits for a person."""

    tone: str
    icon: str
    title: str
    text: str
    url: str
    action: str


@require_GET
@tenant_page(Permission.TENANT_VIEW)
def tenant_home(request: TenantRequest) -> HttpResponse:
    actor, tenant = request.actor, request.actor.tenant
    accounts, enclaves = list(seeing.accounts(tenant)), list(seeing.enclaves(tenant))
    deployments = list(seeing.standing_deployments(tenant)[:10])
    context = {
        "accounts": accounts,
        "enclaves": enclaves,
        "deployments": deployments,
        "running": seeing.open_operations(tenant),
        "granted": list(visits.granted(tenant)) if actor.may(Permission.ACCESS_VIEW) else None,
        "may_end": may_revoke(actor),
        "recent": seeing.recent_audit(tenant) if actor.may(Permission.AUDIT_VIEW) else None,
        "needs": list(_needs(tenant.name, accounts, enclaves, deployments, conditions(actor))),
        "may": {
            "register": actor.may(Permission.ACCOUNT_REGISTER),
            "plan": actor.may(Permission.DEPLOYMENT_PLAN),
        },
    }
    return answer(request, "enclaves/home.html", context)


def _needs(
    tenant: str,
    accounts: Iterable[CloudAccount],
    enclaves: Iterable[Enclave],
    deployments: Iterable[Deployment],
    told: Iterable[Notification],
) -> Iterator[Need]:
    for account in accounts:
        yield from _account_needs(account, reverse("account-detail", args=[tenant, account]))
    for enclave in enclaves:
        url = reverse("enclave-detail", args=[tenant, enclave.account, enclave.zone_id])
        yield from _enclave_needs(enclave, url)
    held_back = [one for one in deployments if one.state == DeploymentState.HELD_BACK]
    for deployment in held_back:
        url = reverse("deployment-detail", args=[tenant, deployment.pk])
        title = f"{deployment.application.name} is held back"
        yield Need("warn", "s-warn", title, deployment.problem, url, "See why")
    yield from _told_needs(told, {f"deployment:{deployment.pk}" for deployment in held_back})


def _told_needs(told: Iterable[Notification], said: set[str]) -> Iterator[Need]:
    """The conditions that no row above has spoken of yet."""
    for one in told:
        if one.kind not in _SAID_BY_ROWS and one.source not in said:
            action = _ACTIONS.get(Kind(one.kind), "See what happened")
            yield Need(one.rule.tone, one.rule.icon, one.title, one.detail, one.link, action)


_ACTIONS = {Kind.ACCESS_ASKED: "Look at it"}
_SAID_BY_ROWS = (Kind.ACCOUNT_DEGRADED, Kind.ACCOUNT_INSECURE, Kind.ACCESS_ACTIVE)


def _account_needs(account: CloudAccount, url: str) -> Iterator[Need]:
    if account.frozen_at:
        yield Need("idle", "s-frozen", f"{account} is frozen", "No change is made in it.", url, "Look at it")
    elif account.state == AccountState.PENDING:
        text = _next_step(account)
        yield Need("idle", "template", f"{account} waits for its template", text, url, "Apply it")
    elif account.problem and account.state in _TROUBLE:
        tone, words = _TROUBLE[AccountState(account.state)]
        yield Need(tone, f"s-{tone}", f"{account} {words}", account.problem, url, "See what to do")


def _next_step(account: CloudAccount) -> str:
    handed_back = account.words.hands_back
    if handed_back and not account.azure_client_id:
        return f"Apply the account template with your own rights, and hand in its output {handed_back}."
    return "Apply the account template with your own rights; the proof follows by itself."


_TROUBLE = {
    AccountState.INSECURE: ("bad", "is insecure: a stranger gets in"),
    AccountState.DEGRADED: ("warn", "is degraded, changes are stopped"),
    AccountState.VERIFYING: ("warn", "is not verified yet"),
}


def _enclave_needs(enclave: Enclave, url: str) -> Iterator[Need]:
    zone = enclave.zone_id
    if enclave.state == EnclaveState.PENDING:
        text = f"Apply it in {enclave.account}; the proof follows by itself."
        yield Need("idle", "template", f"{zone} waits for its zone template", text, url, "Apply it")
    elif enclave.state == EnclaveState.DEGRADED:
        title = f"{zone} is degraded, changes are stopped"
        yield Need("warn", "s-warn", title, enclave.problem, url, "See what to do")
    if enclave.unexplained:
        title, text = f"{zone} has machines that no row explains", "The portal does not touch them."
        yield Need("warn", "s-unk", title, text, url, "Look at them")
