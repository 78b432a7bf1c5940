"""What every API view of staff builds on."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar

from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import assurance
from tenants.actors import StaffActor
from tenants.api.base import PortalAPIView
from tenants.challenges import refuse
from tenants.looks import Looks, looking
from tenants.policy import StaffPermission
from tenants.staff_gate import admit_staff


class StaffAPIView(PortalAPIView):
    """A view for staff, with a permission for each HTTP method that it answers. No token opens it.

    ``fresh`` names the methods that ask for a second factor of the last 15 minutes, any other one for one
    at any time in the session. Handlers find ``self.staff``.
    """

    staff_permissions: ClassVar[Mapping[str, StaffPermission]]
    permission_classes = (AllowAny,)  # the gate stands in `initial`
    fresh: ClassVar[frozenset[str]] = frozenset()
    staff: StaffActor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.staff = _admitted(request)
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in self.staff_permissions:
            raise MethodNotAllowed(method)
        self.staff.require(self.staff_permissions[method])
        if lack := assurance.lack(request._request, fresh=method in self.fresh, second_factor=True):
            raise refuse(lack)


class FleetAPIView(StaffAPIView):
    """A view of things of tenants, which are told; its ``get`` notes in ``self.looks`` what it shows."""

    looks: Looks

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "get" in vars(cls):
            cls.get = _looked(cls.get)  # type: ignore[attr-defined]  # it is in vars(cls)


def _looked(handler: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handler)
    def answered(view: FleetAPIView, *args: Any, **kwargs: Any) -> Response:
        with looking(view.staff) as view.looks:
            return handler(view, *args, **kwargs)

    return answered


def _admitted(request: Request) -> StaffActor:
    if not request.user.is_authenticated:
        raise NotAuthenticated("Sign in; the area of staff takes no tokens.")
    # Who holds a token is authenticated too, and no user: there they are a stranger like any other.
    return admit_staff(request._request)
