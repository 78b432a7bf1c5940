"""The templates of an account and its zones: as a file, or as JSON with the line that applies it."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.accounts import TAGS, AccountView
from enclaves.api.base import TextRenderer
from enclaves.api.serializers.accounts import TemplateSerializer
from enclaves.api.serializers.base import StrictSerializer
from enclaves.blueprints import UnknownFormat
from enclaves.models import Enclave
from enclaves.services import seeing, templates
from enclaves.services.templates import Template
from tenants.api.problems import MEDIA_TYPE, Problem
from tenants.api.schema import ProblemSerializer
from tenants.policy import Permission


class TemplateQuery(StrictSerializer):
    format = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="`cloudformation` for AWS, `arm` for Azure; the cloud's first if not given.",
    )


class ZoneTemplateQuery(TemplateQuery):
    zone = serializers.CharField(max_length=60, help_text="The zone of one of the account's enclaves.")


_ANSWERS: dict[Any, Any] = {
    (200, "text/yaml"): OpenApiResponse(OpenApiTypes.ANY, "The file, ready to be applied."),
    (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, "The same, where it is no YAML."),
    (200, "application/json"): TemplateSerializer,
    (400, MEDIA_TYPE): ProblemSerializer,
    (409, MEDIA_TYPE): ProblemSerializer,
}


class YamlRenderer(TextRenderer):
    media_type = "text/yaml"
    format = "yaml"


class PlainRenderer(TextRenderer):
    media_type = "text/plain"
    format = "txt"


class LanguageNegotiation(DefaultContentNegotiation):
    """``format`` names the language of a template here; the media type is chosen by Accept alone."""

    def filter_renderers(self, renderers: Any, format: Any) -> Any:
        return renderers


class TemplateView(AccountView):
    renderer_classes = (YamlRenderer, PlainRenderer, JSONRenderer)
    content_negotiation_class = LanguageNegotiation

    def download(self, template: Template) -> Response:
        if isinstance(self.request.accepted_renderer, JSONRenderer):
            return Response(TemplateSerializer(template).data)
        headers = {"Content-Disposition": f'attachment; filename="{template.file_name}"'}
        # As application/json there is the description of a template, so its file comes as plain text.
        textual = template.media_type if template.media_type.startswith("text/") else "text/plain"
        return Response(template.text, headers=headers, content_type=f"{textual}; charset=utf-8")

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, UnknownFormat):
            error = Problem(400, str(error), [{"field": "format", "message": str(error)}])
        return super().handle_exception(error)


class AccountTemplateView(TemplateView):
    # It carries the external id, which is for those who may register.
    permissions = {"GET": Permission.ACCOUNT_REGISTER}

    @extend_schema(parameters=[TemplateQuery], responses=_ANSWERS, summary="The account template", tags=TAGS)
    def get(self, request: Request, account: str) -> Response:
        """Makes the portal's roles in the account. Apply it with your own rights, then verify.

        With `Accept: application/json` the answer also holds the command line that applies it.
        """
        wanted = self.checked(TemplateQuery, request.query_params)
        return self.download(templates.account_template(self.found(account), wanted["format"]))


class ZoneTemplateView(TemplateView):
    permissions = {"GET": Permission.ENCLAVE_VIEW}

    @extend_schema(parameters=[ZoneTemplateQuery], responses=_ANSWERS, summary="A zone template", tags=TAGS)
    def get(self, request: Request, account: str) -> Response:
        """Makes the network, keys and log archive of one enclave. Create the enclave first.

        The template may need something that only the account's proof can tell; until then the answer is 409.
        With `Accept: application/json` the answer also holds the command line that applies it.
        """
        wanted = self.checked(ZoneTemplateQuery, request.query_params)
        enclave = self._enclave(account, wanted["zone"])
        return self.download(templates.zone_template(enclave, wanted["format"]))

    def _enclave(self, account: str, zone: str) -> Enclave:
        try:
            return seeing.enclave(self.tenant, account, zone)
        except Enclave.DoesNotExist as error:
            raise Http404 from error
