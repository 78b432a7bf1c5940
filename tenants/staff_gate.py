"""The gate that every page and every API call of staff passes.

Whoever is no staff gets 404, so that the area does not even seem to exist; staff who lack the permission get
403. Without a second factor in the session nobody gets in, and programs never do.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from tenants import assurance
from tenants.actors import StaffActor
from tenants.challenges import challenge
from tenants.looks import Looks, looking
from tenants.models import StaffMember
from tenants.policy import StaffPermission

__all__ = ["StaffActor", "StaffRequest", "admit_staff", "fleet_page", "staff_page"]


class StaffRequest(HttpRequest):
    """A request that passed the gate of staff; ``looks`` is there on pages of the fleet."""

    htmx: HtmxDetails
    staff: StaffActor
    looks: Looks


def admit_staff(request: HttpRequest) -> StaffActor:
    """The staff that a signed-in user is, or Http404 for everybody else."""
    # A tenant's identity provider vouches for the people of this tenant, and for nobody else.
    if not request.user.is_authenticated or assurance.signed_on_for(request):
        raise Http404
    members = StaffMember.objects.select_related("user").filter(user_id=request.user.pk)
    member = members.filter(is_active=True, user__is_active=True).first()
    if member is None:
        raise Http404
    return StaffActor.of(member)


def staff_page(
    permission: StaffPermission, *, fresh: bool = False
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let a page run only for staff who hold the permission and gave a second factor in this session.

    ``fresh`` marks what cannot be taken back: that factor must be of the last 15 minutes. The permission
    stays on the view, so that a test can prove that no page of staff was left without one.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def gated(request: StaffRequest, **kwargs: Any) -> HttpResponse:
            return _admit(request, permission, fresh) or view(request, **kwargs)

        # Functions take attributes, but their type does not say so.
        gated.permission = permission  # type: ignore[attr-defined]
        return gated

    return decorate


def fleet_page(
    permission: StaffPermission,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Like staff_page, for what is read across tenants; the view notes in ``request.looks`` what it shows."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @staff_page(permission)
        @wraps(view)
        def looked(request: StaffRequest, **kwargs: Any) -> HttpResponse:
            with looking(request.staff) as request.looks:
                return view(request, **kwargs)

        return looked

    return decorate


def _admit(request: StaffRequest, permission: StaffPermission, fresh: bool) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    request.staff = admit_staff(request)
    request.staff.require(permission)
    lack = assurance.lack(request, fresh=fresh, second_factor=True)
    return challenge(request, lack) if lack else None
