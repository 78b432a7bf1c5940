"""What the OpenAPI document says of every view alike: problems, pages, keys, permissions, tokens."""

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from tenants.api.idempotency import HEADER
from tenants.api.pages import LONGEST_PAGE
from tenants.api.problems import MEDIA_TYPE

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITH_BODY = CHANGING - {"DELETE"}

_TENANT = OpenApiParameter("tenant", str, OpenApiParameter.PATH, description="The name of the tenant.")
_PAGE = [
    OpenApiParameter("limit", int, description=f"Rows in a page, up to {LONGEST_PAGE}; 50 if not given."),
    OpenApiParameter("after", str, description="A cursor, as found in `next`."),
    OpenApiParameter("before", str, description="A cursor, as found in `previous`."),
]
_KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Makes the request repeatable for 24 hours: the same key gets the same answer.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of what you saw; 412 if it has changed."
)


_LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[201, 202],
    description="Where to find what was made, or the operation to watch.",
)


class FaultSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Dots lead into nested fields; empty for the whole.")
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FaultSerializer(many=True, required=False)  # type: ignore[assignment]  # the name is the RFC's


@cache  # so that two lists of the same things name one schema
def page_schema(item: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The schema of one page of a list of these."""
    return inline_serializer(
        item.__name__.removesuffix("Serializer") + "Page",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": item(many=True),
        },
    )


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    target_class = "tenants.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of a tenant: `ep_…`."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    target_class = "tenants.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of a browser; changes also need the CSRF token.",
        }


class Schema(AutoSchema):
    """Adds to each operation what the base views do, so that no view has to repeat it."""

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular's signature
        said = getattr(self._handler(), "__doc__", None) or ""
        permission = self._permission()
        return f"{said.strip()}\n\nNeeds the permission `{permission}`.".strip() if permission else said

    def get_override_parameters(self) -> list[Any]:
        keyed = self.method == "POST" and self._in_tenant()
        return [
            *([_TENANT] if self._in_tenant() else []),
            *(_PAGE if self._is_list_view() else []),
            *([_KEY, _LOCATION] if keyed else []),
        ]

    def get_auth(self) -> list[dict[str, Any]]:
        # To REST framework the views of tenants are open: who gets in is decided by their gate.
        found: list[dict[str, Any]] = super().get_auth()
        if self._of_staff():
            return [one for one in found if SessionScheme.name in one]  # no token opens anything there
        return [one for one in found if one] if self._in_tenant() else found

    def _is_list_view(self, serializer: Any = None) -> bool:
        # Only for names and parameters: the schema of a page is always given with page_schema.
        return serializer is None and self.method == "GET" and bool(getattr(self.view, "ordering", ()))

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, said in self._problems().items():
            response = OpenApiResponse(ProblemSerializer(), said)
            bodies.setdefault(str(status), self._described(response, status, direction))
        return bodies

    def _described(self, response: OpenApiResponse, status: int, direction: Any) -> Any:
        code, media = str(status), [MEDIA_TYPE]
        return self._get_response_for_code(response, code, media, direction)  # type: ignore[no-untyped-call]

    def _problems(self) -> dict[int, str]:
        found = {401: "Nobody, or a token that is unknown, expired or revoked."} if self.get_auth() else {}
        if self._in_tenant() or self._of_staff() or self.method in CHANGING:
            found[403] = "You lack the permission; or, in a browser's session, `type` says what it lacks."
        if "{" in self.path or self._of_staff():
            found[404] = "It does not exist, or is not yours."
        if self._is_list_view() or self.method in WITH_BODY:
            found[400] = "The input is wrong; `errors` says where."
        if self.method in CHANGING:
            found[409] = "The state that things are in forbids it."
        if self.method in WITH_BODY:
            found |= {413: "The body is too large.", 415: "The body is of another type."}
        if IF_MATCH in self.get_override_parameters():
            found[412] = "It was changed since you read it."
        if self.method == "POST" and self._in_tenant():
            found[422] = "The idempotency key was used for another request."
        return found

    def _in_tenant(self) -> bool:
        return hasattr(self.view, "permissions")

    def _of_staff(self) -> bool:
        return hasattr(self.view, "staff_permissions")

    def _permission(self) -> str:
        of_staff = getattr(self.view, "staff_permissions", {})
        return str(getattr(self.view, "permissions", of_staff).get(self.method, ""))

    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)
