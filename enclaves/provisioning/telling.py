"""Telling the tenant what is wrong with accounts, operations and hosts, and when it no longer is."""

from typing import Final

from django.urls import reverse

from enclaves.lifecycle import AccountState, HostState
from enclaves.models import CloudAccount, Deployment, Host, Operation
from enclaves.providers.base import Outcome
from tenants.kinds import Kind
from tenants.notifications import clear, notify

MOST_NAMED: Final = 5  # hosts, of very many that failed
_TROUBLE: Final = {
    AccountState.DEGRADED: (Kind.ACCOUNT_DEGRADED, "is degraded, changes are stopped"),
    AccountState.INSECURE: (Kind.ACCOUNT_INSECURE, "is insecure: a stranger gets in"),
}
_CLAIMED: Final = (
    "Another tenant of the portal has registered it too, and proved that it controls it. It gets nothing, as"
    " you hold the account; but somebody there has rights in it that let them apply our template."
)


_NEWCOMER: Final = (
    "{host} of {zone} is not believed to be what we launched",
    "If it goes on, replace the host.",
)
_STRANGER: Final = (
    "Something else wanted to be {host} of {zone}",
    "Nobody got in by it. If it was not the host itself that came first, replace it.",
)


def tell_of_account(account: CloudAccount, *, claimed: bool) -> None:
    """Say what is wrong with an account as it is now, and that the rest is over."""
    for state, (kind, words) in _TROUBLE.items():
        _tell(account, kind, words, account.problem, holds=account.state == state)
    _tell(account, Kind.ACCOUNT_CLAIMED, "is claimed by another tenant", _CLAIMED, holds=claimed)


def _tell(account: CloudAccount, kind: Kind, words: str, detail: str, *, holds: bool) -> None:
    tenant, source = account.tenant, f"account:{account.pk}"
    if not holds:
        clear(kind, tenant=tenant, source=source)
        return
    link = reverse("account-detail", args=[tenant.name, account])
    notify(kind, tenant=tenant, source=source, title=f"{account} {words}", detail=detail, link=link)


def is_claimed(account: CloudAccount, check: str) -> bool:
    """Say whether somebody else has proved to control the account that this tenant holds.

    The holder's own proof asks this, so that nobody ever writes into the tenant of somebody else.
    """
    others = CloudAccount.objects.using("system").exclude(tenant_id=account.tenant_id)
    rivals = others.filter(cloud=account.cloud, number=account.number, state=AccountState.VERIFYING)
    return account.holds and rivals.filter(checks__code=check, checks__outcome=Outcome.FAILED).exists()


def tell_of_failure(operation: Operation) -> None:
    """Say that work on a deployment failed. That of a proof is told by the state of its account."""
    if operation.deployment_id is None:
        return
    notify(
        Kind.OPERATION_FAILED,
        tenant=operation.tenant,
        source=f"deployment:{operation.deployment_id}",
        title=f"Failed: {operation.title}",
        detail=operation.outcome,
        link=reverse("operation-detail", args=[operation.tenant.name, operation.pk]),
    )


def tell_of_success(operation: Operation) -> None:
    """What failed before with this deployment is over, now that work on it went well."""
    if operation.deployment_id is not None:
        source = f"deployment:{operation.deployment_id}"
        clear(Kind.OPERATION_FAILED, tenant=operation.tenant, source=source)


def tell_of_hosts(deployment: Deployment) -> None:
    """Say which hosts of a deployment have failed, or that none stands failed any more."""
    tenant, source = deployment.tenant, f"deployment:{deployment.pk}"
    failed = deployment.hosts.filter(state=HostState.FAILED)
    count = failed.count()
    if not count:
        clear(Kind.HOST_FAILED, tenant=tenant, source=source)
        return
    title = f"{count} hosts of {deployment} failed" if count > 1 else f"1 host of {deployment} failed"
    named = [_named(host) for host in failed.order_by("-moved_at", "name")[:MOST_NAMED]]
    left = [f"and {count - MOST_NAMED} more"] if count > MOST_NAMED else []
    link = reverse("deployment-detail", args=[tenant.name, deployment.pk])
    detail = "; ".join([*named, *left])
    notify(Kind.HOST_FAILED, tenant=tenant, source=source, title=title, detail=detail, link=link)


def tell_of_refused_agent(host: Host, why: str, *, has_enrolled: bool) -> None:
    """Say that something wanted to be a host and was not believed.

    It holds until the host enrols, or is gone: somebody else may have been faster than the host itself.
    """
    tenant, zone = host.tenant, host.enclave.zone_id
    words, advice = _STRANGER if has_enrolled else _NEWCOMER
    notify(
        Kind.AGENT_REFUSED,
        tenant=tenant,
        source=f"host:{host.pk}",
        title=words.format(host=host, zone=zone),
        detail=f"{why} {advice}",
        link=f"/t/{tenant.name}/hosts/{host.pk}/",  # the signer, which tells this, has no pages to look it up
    )


def tell_of_believed_agent(host: Host) -> None:
    """The host has proved itself, or is no more: what was refused in its name is over."""
    clear(Kind.AGENT_REFUSED, tenant=host.tenant, source=f"host:{host.pk}")


def _named(host: Host) -> str:
    return f"{host.name}: {host.problem.rstrip('.')}" if host.problem else host.name
