from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api import examples
from enclaves.api.base import EnclavesView, ListView, TextRenderer
from enclaves.api.filters import AccessFilters
from enclaves.api.serializers.access import (
    AccessRequestSerializer,
    AccessRulesSerializer,
    ApproveAccessSerializer,
    CertificateSerializer,
    DenyAccessSerializer,
    MoreAccessSerializer,
    NewAccessRequestSerializer,
    NewCertificateSerializer,
    RecordingQuery,
    SessionSerializer,
)
from enclaves.models import AccessRequest
from enclaves.services import access as services
from enclaves.services import visits
from enclaves.services.certificates import request_certificate
from tenants.api.problems import MEDIA_TYPE
from tenants.api.schema import ProblemSerializer, page_schema
from tenants.policy import Permission

TAGS = ["access"]


class AccessView(EnclavesView):
    """A view of one request, or of what belongs to it."""

    def found(self, name: str) -> AccessRequest:
        return get_object_or_404(visits.requests(self.tenant), name=name)

    def now(self, name: str) -> Response:
        return self.single(self.shown(AccessRequestSerializer, self.found(name)))


class AccessRequestListView(ListView, AccessView):
    permissions = {"GET": Permission.ACCESS_VIEW, "POST": Permission.ACCESS_ASK}
    ordering = ("-requested_at", "-id")
    filters = AccessFilters

    @extend_schema(
        parameters=[AccessFilters],
        responses=page_schema(AccessRequestSerializer),
        summary="Access requests",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """What was asked and what came of it, newest first; `?state=active` shows who may get in now."""
        found = self.narrowed(visits.requests(self.tenant), host="places__host")
        return self.page(found, AccessRequestSerializer)

    @extend_schema(
        request=NewAccessRequestSerializer,
        responses={201: AccessRequestSerializer},
        summary="Ask for access",
        examples=[examples.ACCESS],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Asks for a way onto hosts. What members ask, an approver of the vendor decides."""
        wanted = dict(self.checked(NewAccessRequestSerializer))
        wanted["hosts"] = visits.hosts_by_id(self.tenant, wanted.pop("hosts"))
        made = services.ask_access(by=self.actor, tenant=self.tenant, **wanted)
        data = self.shown(AccessRequestSerializer, self.found(made.name))
        return self.created(data, self.address("api-access-request", made.name))


class AccessRequestView(AccessView):
    permissions = {"GET": Permission.ACCESS_VIEW}

    @extend_schema(responses=AccessRequestSerializer, summary="An access request", tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        return self.now(name)


class AccessApproveView(AccessView):
    fresh = second_factor = frozenset({"POST"})
    permissions = {"POST": Permission.ACCESS_DECIDE}

    @extend_schema(
        request=ApproveAccessSerializer, responses=AccessRequestSerializer, summary="Approve", tags=TAGS
    )
    def post(self, request: Request, name: str) -> Response:
        """Lets the person in, from now on. A person decides, with a second factor; a token cannot."""
        services.approve_access(self.found(name), by=self.actor, **self.checked(ApproveAccessSerializer))
        return self.now(name)


class AccessDenyView(AccessView):
    fresh = second_factor = frozenset({"POST"})
    permissions = {"POST": Permission.ACCESS_DECIDE}

    @extend_schema(request=DenyAccessSerializer, responses=AccessRequestSerializer, summary="Deny", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Says no; the person is told, with the note."""
        services.deny_access(self.found(name), by=self.actor, **self.checked(DenyAccessSerializer))
        return self.now(name)


class AccessWithdrawView(AccessView):
    permissions = {"POST": Permission.ACCESS_ASK}

    @extend_schema(request=None, responses=AccessRequestSerializer, summary="Take a wish back", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Whoever asked changes their mind before anybody has decided."""
        services.withdraw_access(self.found(name), by=self.actor)
        return self.now(name)


class AccessRevokeView(AccessView):
    permissions = {"POST": Permission.ACCESS_END}

    @extend_schema(request=None, responses=AccessRequestSerializer, summary="Revoke a grant", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Ends somebody's grant at once: sessions are cut, and nothing of them goes on."""
        services.revoke_access(self.found(name), by=self.actor)
        return self.now(name)


class AccessFinishView(AccessView):
    permissions = {"POST": Permission.ACCESS_ASK}

    @extend_schema(request=None, responses=AccessRequestSerializer, summary="Finish one's grant", tags=TAGS)
    def post(self, request: Request, name: str) -> Response:
        """Whoever asked gives it back before its end."""
        services.finish_access(self.found(name), by=self.actor)
        return self.now(name)


class AccessExtendView(AccessView):
    permissions = {"POST": Permission.ACCESS_ASK}

    @extend_schema(
        request=MoreAccessSerializer,
        responses={201: AccessRequestSerializer},
        summary="Ask for more time",
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        """A wish of its own for the same hosts, which is decided like any other."""
        row = self.found(name)
        services.must_be_of(row, self.actor)
        more = services.extend_access(row, by=self.actor, **self.checked(MoreAccessSerializer))
        data = self.shown(AccessRequestSerializer, self.found(more.name))
        return self.created(data, self.address("api-access-request", more.name))


class AccessCertificateView(AccessView):
    permissions = {"POST": Permission.ACCESS_ASK}

    @extend_schema(
        request=NewCertificateSerializer,
        responses={201: CertificateSerializer},
        summary="Have one's key certified",
        examples=[examples.PUBLIC_KEY],
        tags=TAGS,
    )
    def post(self, request: Request, name: str) -> Response:
        """Certifies the public key of whoever asked, until the end of the grant."""
        row = self.found(name)
        services.must_be_of(row, self.actor)
        made = request_certificate(row, by=self.actor, **self.checked(NewCertificateSerializer))
        return self.created(self.shown(CertificateSerializer, made), self.address("api-access-request", name))


class AccessSessionListView(ListView, AccessView):
    permissions = {"GET": Permission.ACCESS_VIEW}
    ordering = ("opened_at", "id")

    @extend_schema(responses=page_schema(SessionSerializer), summary="Sessions of a grant", tags=TAGS)
    def get(self, request: Request, name: str) -> Response:
        return self.page(self.narrowed(self.found(name).sessions.all()), SessionSerializer)


class AsciicastRenderer(TextRenderer):
    media_type = visits.ASCIICAST
    format = "cast"


class AccessRecordingView(AccessView):
    permissions = {"GET": Permission.RECORDING_VIEW}
    renderer_classes = (AsciicastRenderer,)

    @extend_schema(
        parameters=[RecordingQuery],
        responses={
            (200, AsciicastRenderer.media_type): OpenApiTypes.STR,
            (400, MEDIA_TYPE): ProblemSerializer,
        },
        summary="A recording",
        tags=TAGS,
    )
    def get(self, request: Request, name: str, id: UUID) -> HttpResponseBase:
        """The recording of a session, asciicast version 2, from a character on; whole pieces only."""
        session = get_object_or_404(self.found(name).sessions, pk=id)
        offset = self.checked(RecordingQuery, request.query_params)["offset"]
        kind = f"{AsciicastRenderer.media_type}; charset={AsciicastRenderer.charset}"
        return StreamingHttpResponse(visits.recording(session, offset), content_type=kind)


class AccessRulesView(AccessView):
    fresh = frozenset({"PUT"})
    permissions = {"GET": Permission.ACCESS_VIEW, "PUT": Permission.ACCESS_RULE}

    @extend_schema(responses=AccessRulesSerializer, summary="Rules for access", tags=TAGS)
    def get(self, request: Request) -> Response:
        return self.single(self.shown(AccessRulesSerializer, services.rules_of(self.tenant)))

    @extend_schema(
        request=AccessRulesSerializer, responses=AccessRulesSerializer, summary="Lay down rules", tags=TAGS
    )
    def put(self, request: Request) -> Response:
        """They hold for every wish and every decision from now on."""
        services.change_rules(by=self.actor, **self.checked(AccessRulesSerializer))
        return self.single(self.shown(AccessRulesSerializer, services.rules_of(self.tenant)))
