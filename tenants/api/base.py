"""What every API view of the project builds on."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.actors import Actor
from tenants.api.idempotency import idempotent
from tenants.api.pages import cut_page
from tenants.api.problems import Problem
from tenants.assurance import signed_on_for
from tenants.challenges import refuse
from tenants.gate import admit_token, admit_user, lack_of, memberships_of
from tenants.models import ApiToken, Tenant
from tenants.policy import Permission


class PortalAPIView(APIView):
    """A view that speaks JSON in and out; no tenant is known."""

    metadata_class = None  # OPTIONS has nothing to say beyond the OpenAPI document
    ordering: ClassVar[Sequence[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Read here, where Django's limit holds: REST framework's parsers read the stream past it.
        _ = request.body
        super().initial(request, *args, **kwargs)

    def checked(self, serializer: type[serializers.Serializer[Any]], data: Any = None) -> Mapping[str, Any]:
        """The input of the request, checked by a serializer; raises ValidationError (400)."""
        wanted = serializer(data=self.request.data if data is None else data)
        wanted.is_valid(raise_exception=True)
        return dict(wanted.validated_data)

    def page[Row: Model](
        self, rows: QuerySet[Row], serializer: type[serializers.BaseSerializer[Any]], **context: Any
    ) -> Response:
        """Answer with one page of a list, in the ``ordering`` of the view, which must be unique."""
        found, links = cut_page(rows, self.request, self.ordering)
        return Response({**links, "results": serializer(found, many=True, context=context).data})


class NowhereView(PortalAPIView):
    """Whatever no other view answers."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Problem(404, "There is nothing at this address. Those of the API end with a slash.")


class TenantAPIView(PortalAPIView):
    """A view inside a tenant, with a permission for each HTTP method that it answers.

    ``fresh`` and ``second_factor`` name the methods that ask of a session what the arguments of
    `tenant_page` ask of it on pages. A token has no session, and nobody to ask.
    Handlers get no ``tenant``; they find ``self.actor`` and ``self.tenant``. Every POST takes an
    Idempotency-Key.
    """

    permissions: ClassVar[Mapping[str, Permission]]
    permission_classes = (AllowAny,)  # the gate stands in `initial`
    secret_fields: ClassVar[tuple[str, ...]] = ()
    fresh: ClassVar[frozenset[str]] = frozenset()
    second_factor: ClassVar[frozenset[str]] = frozenset()
    actor: Actor

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in vars(cls):
            # Here and not on each handler, so that none is forgotten.
            cls.post = idempotent(cls.post)  # type: ignore[attr-defined]  # it is in vars(cls)

    @property
    def tenant(self) -> Tenant:
        return self.actor.tenant

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.actor = _admitted(request, self.kwargs.pop("tenant"))
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in self.permissions:
            raise MethodNotAllowed(method)
        self.actor.require(self.permissions[method])
        if self.actor.kind == "user":
            self._be_sure(request, method)

    def _be_sure(self, request: Request, method: str) -> None:
        wanted = {"fresh": method in self.fresh, "second_factor": method in self.second_factor}
        if lack := lack_of(request._request, self.actor, **wanted):
            raise refuse(lack)


def _admitted(request: Request, tenant: str) -> Actor:
    if isinstance(request.auth, ApiToken):
        return admit_token(request.auth, tenant)
    if not request.user.is_authenticated:
        raise NotAuthenticated("Sign in, or send a token: Authorization: Bearer ep_…")
    return admit_user(memberships_of(request.user, only=signed_on_for(request._request)), tenant)
