from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import telling as shapes
from tenants.api.base import TenantAPIView
from tenants.api.schema import page_schema
from tenants.notifications import narrowed, seen_by
from tenants.policy import Permission
from tenants.services import notices


class NotificationListView(TenantAPIView):
    permissions = {"GET": Permission.NOTIFICATION_VIEW}
    ordering = ("-changed_at", "-id")

    @extend_schema(
        parameters=[shapes.NotificationFilterSerializer],
        responses=page_schema(shapes.NotificationSerializer),
        summary="What happened, and the conditions that hold",
    )
    def get(self, request: Request) -> Response:
        wanted = self.checked(shapes.NotificationFilterSerializer, request.query_params)
        return self.page(narrowed(seen_by(self.actor), **wanted), shapes.NotificationSerializer)


class NotificationView(TenantAPIView):
    permissions = {"GET": Permission.NOTIFICATION_VIEW}

    @extend_schema(responses=shapes.NotificationSerializer, summary="A notification")
    def get(self, request: Request, id: UUID) -> Response:
        found = get_object_or_404(seen_by(self.actor), pk=id)
        return Response(shapes.NotificationSerializer(found).data)


class SeenView(TenantAPIView):
    """For people: a token has seen nothing."""

    permissions = {"POST": Permission.NOTIFICATION_VIEW}

    @extend_schema(
        request=shapes.SeenSerializer, responses={204: None}, summary="Count as new only what comes later"
    )
    def post(self, request: Request) -> Response:
        wanted = self.checked(shapes.SeenSerializer)
        notices.mark_seen(wanted.get("until"), by=self.actor)
        return Response(status=204)


class MailView(TenantAPIView):
    """For people: a token gets no mail."""

    permissions = {"GET": Permission.NOTIFICATION_VIEW, "PUT": Permission.NOTIFICATION_VIEW}

    @extend_schema(responses=shapes.MailSerializer, summary="What you are written to about")
    def get(self, request: Request) -> Response:
        return Response(shapes.MailSerializer({"choices": notices.mail_choices(self.actor)}).data)

    @extend_schema(
        request=shapes.NewMailSerializer,
        responses=shapes.MailSerializer,
        summary="Choose what you are written to about",
    )
    def put(self, request: Request) -> Response:
        notices.may_choose_mail(self.actor)
        wanted = self.checked(shapes.NewMailSerializer)
        choices = notices.choose_mail(wanted["kinds"], by=self.actor)
        return Response(shapes.MailSerializer({"choices": choices}).data)
