"""The gate that every page and every API call of a tenant passes.

Strangers get 404, so that the existence of a tenant never leaks; members who lack the permission get 403.
Whoever is admitted acts in the scope of the tenant for the rest of the transaction, see tenants/scope.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.db.transaction import atomic
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from tenants import assurance, scope
from tenants.actors import Actor, System
from tenants.assurance import Lack
from tenants.challenges import challenge
from tenants.models import ApiToken, Membership, User
from tenants.policy import Permission, Role
from tenants.sessions import is_alive
from tenants.tokens import BadToken, find_token, presented, with_holders

__all__ = [
    "Actor",
    "System",
    "TenantRequest",
    "admit_token",
    "admit_user",
    "lack_of",
    "may_still",
    "memberships_of",
    "tenant_page",
]

CHALLENGE = 'Bearer realm="Enclave Portal"'


class TenantRequest(HttpRequest):
    """A request that passed the gate."""

    htmx: HtmxDetails
    actor: Actor
    memberships: list[Membership]


@dataclass(frozen=True)
class Entry:
    """What a page asks of whoever comes: a permission, and how sure it must be who they are."""

    permission: Permission
    fresh: bool = False
    second_factor: bool = False


def memberships_of(user: User, *, only: UUID | None) -> list[Membership]:
    """All memberships of a user, by the name of the tenant; leaves the scope of any tenant.

    ``only`` is the one tenant of a session that this tenant's identity provider vouched for.
    """
    scope.enter_user(user.pk)
    mine = Membership.objects.filter(user=user).select_related("tenant", "user")
    mine = mine.filter(tenant_id=only) if only else mine
    return list(mine.order_by("tenant__name"))


def admit_user(memberships: list[Membership], tenant: str) -> Actor:
    """Enter a tenant as the member that one is there, or raise Http404 for a stranger."""
    for membership in memberships:
        if membership.tenant.name == tenant:
            scope.enter_tenant(membership.tenant.pk)
            return Actor.of_member(membership)
    raise Http404


def admit_token(token: ApiToken, tenant: str) -> Actor:
    """Enter the tenant of a token that was authenticated, or raise Http404 if it is another one's."""
    if token.tenant.name != tenant:
        raise Http404
    scope.enter_tenant(token.tenant.pk)
    return Actor.of_token(token)


def may_still(
    actor: Actor, permission: Permission, *, session: str = "", signed_on_at: float | None = None
) -> bool:
    """Say whether somebody who was admitted a while ago, in the session of that key, would be now.

    ``signed_on_at`` is when a session that came by the tenant's sign-on began, see assurance.
    """
    if session and not is_alive(session):
        return False
    with atomic():
        scope.enter_tenant(actor.tenant_id)
        if actor.kind == "user":
            members = Membership.objects.filter(user_id=actor.id, user__is_active=True)
            found = [Actor.of_member(member) for member in members.select_related("tenant", "user")]
            now = [one for one in found if assurance.sign_on_lasts(one.tenant, signed_on_at)]
        else:
            tokens = with_holders(ApiToken.objects.filter(pk=actor.id))
            now = [Actor.of_token(token) for token in tokens if token.state == "active"]
        return any(one.may(permission) for one in now)


def lack_of(
    request: HttpRequest, actor: Actor, *, fresh: bool = False, second_factor: bool = False
) -> Lack | None:
    """What the session of a member lacks of what a page and the tenant itself ask of it."""
    if _has_to_sign_on(request, actor):
        return Lack.SIGN_ON
    tenant = actor.tenant
    vouched = tenant.trusts_sign_on_factor and assurance.signed_on_for(request) == tenant.pk
    asked = second_factor or (tenant.requires_second_factor and not vouched)
    return assurance.lack(request, fresh=fresh, second_factor=asked)


def _has_to_sign_on(request: HttpRequest, actor: Actor) -> bool:
    tenant = actor.tenant
    if assurance.signed_on_for(request) == tenant.pk:
        return assurance.sign_on_is_over(request, tenant)
    # Admins keep a way in of their own: a provider that is down must not lock everybody out.
    admin = Role.ADMIN in actor.roles and assurance.second_factor_used(request)
    return tenant.requires_sign_on and not admin


def tenant_page(
    permission: Permission, *, fresh: bool = False, second_factor: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a page run only for members who hold the permission; works for async pages too,
    and these also for programs with a token.

    ``fresh`` marks what cannot be taken back: who authenticated more than 15 minutes ago does so again
    first, with the second factor if they have one. ``second_factor`` wants one of everybody; both together
    want one of the last 15 minutes. What is asked applies to the page with the question too, so that the
    answer is not lost on the way; such a page must take GET.
    The view gets a TenantRequest and no ``tenant`` argument. The permission stays on the view, so that a
    test can prove that no page of a tenant was left without one.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        entry = Entry(permission, fresh, second_factor)
        # Functions take attributes, but their type does not say so.
        gated: Any = (_gated_async if iscoroutinefunction(view) else _gated)(view, entry)
        gated.permission, gated.entry = permission, entry
        return gated  # type: ignore[no-any-return]  # see above

    return decorate


def _gated(view: Callable[..., HttpResponse], entry: Entry) -> Callable[..., HttpResponse]:
    @wraps(view)
    def gated(request: TenantRequest, tenant: str, **kwargs: Any) -> HttpResponse:
        return _admit(request, tenant, entry) or view(request, **kwargs)

    return gated


def _gated_async(
    view: Callable[..., Awaitable[HttpResponseBase]], entry: Entry
) -> Callable[..., Awaitable[HttpResponseBase]]:
    # An async page has no transaction around it, so the scope ends here: it gets the actor, and enters
    # the tenant itself, with tenant_scope, where it reads.
    @sync_to_async
    def admit(request: TenantRequest, tenant: str) -> HttpResponse | None:
        with atomic():
            if "Authorization" in request.headers:
                return _admit_program(request, tenant, entry.permission)
            return _admit(request, tenant, entry)

    @wraps(view)
    async def gated(request: TenantRequest, tenant: str, **kwargs: Any) -> HttpResponseBase:
        return await admit(request, tenant) or await view(request, **kwargs)

    return gated


def _admit_program(request: TenantRequest, tenant: str, permission: Permission) -> HttpResponse | None:
    try:
        token = find_token(presented(request.headers["Authorization"]) or "")
    except BadToken as error:
        return HttpResponse(str(error), status=401, headers={"WWW-Authenticate": CHALLENGE})
    request.actor = admit_token(token, tenant)
    request.actor.require(permission)
    return None


def _admit(request: TenantRequest, tenant: str, entry: Entry) -> HttpResponse | None:
    """Put the actor on the request, or answer what leads to one: nobody is sent to sign in."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    request.memberships = memberships_of(request.user, only=assurance.signed_on_for(request))
    request.actor = admit_user(request.memberships, tenant)
    request.actor.require(entry.permission)
    own = request.actor.tenant
    lack = lack_of(request, request.actor, fresh=entry.fresh, second_factor=entry.second_factor)
    return challenge(request, lack, own) if lack else None
