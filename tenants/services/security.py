"""What a tenant asks of the sessions of its members."""

from typing import NamedTuple

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.db.transaction import atomic
from django.urls import reverse

from tenants import audit
from tenants.actors import Actor
from tenants.assurance import SECOND_FACTORS, has_second_factor
from tenants.errors import Forbidden, Refused
from tenants.kinds import Kind
from tenants.models import Membership, Tenant
from tenants.notifications import notify
from tenants.policy import Permission
from tenants.services.turns import take_turns


class Standing(NamedTuple):
    """Who of a tenant would get through if it required a second factor."""

    members: int
    without: QuerySet[Membership]
    with_one: int


def standing_of(tenant: Tenant) -> Standing:
    """Count the members of a tenant, and find those who have no second factor yet."""
    factors = Authenticator.objects.filter(user_id=OuterRef("user_id"), type__in=SECOND_FACTORS)
    members = Membership.objects.filter(tenant=tenant)
    without = members.exclude(Exists(factors)).select_related("user").order_by("joined_at", "id")
    count = members.count()
    return Standing(count, without, count - without.count())


@atomic
def require_second_factor(required: bool, *, by: Actor) -> Tenant:
    """Open the tenant only to sessions with a second factor, or to all again.

    Raises Forbidden for a token, and Refused for somebody who would shut themselves out.
    """
    by.require(Permission.TENANT_SECURE)
    if by.membership is None:
        raise Forbidden("A person with a second factor has to decide this, not a token.")
    if required and not has_second_factor(by.membership.user):
        raise Refused("Set up a second factor of your own first, or you would shut yourself out.")
    tenant = take_turns(by)
    if tenant.requires_second_factor != required:
        _change(tenant, required, by)
    return tenant


def _change(tenant: Tenant, required: bool, by: Actor) -> None:
    tenant.requires_second_factor = required
    tenant.save(update_fields=["requires_second_factor"])
    audit.record(
        "tenant.second_factor_required" if required else "tenant.second_factor_lifted", tenant, by=by
    )
    now = "needs a second factor" if required else "needs no second factor any more"
    notify(
        Kind.SECOND_FACTOR_CHANGED,
        tenant=tenant,
        source="tenant",
        title=f"Whoever signs in to {tenant.name} {now}",
        detail=f"{by.label} changed this. API tokens go on as before.",
        link=reverse("tenant-security", args=[tenant.name]),
        by=by,
    )
