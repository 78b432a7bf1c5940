from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.examples import ENCLAVES
from enclaves.api.serializers.enclaves import EnclaveSerializer, NewEnclaveSerializer
from enclaves.models import CloudAccount, Enclave
from enclaves.services import enclaves as services
from enclaves.services import seeing
from tenants.api.schema import page_schema
from tenants.policy import Permission

TAGS = ["enclaves"]


class EnclaveListView(ListView, EnclavesView):
    permissions = {"GET": Permission.ENCLAVE_VIEW, "POST": Permission.ENCLAVE_CREATE}
    ordering = ("zone_id", "id")

    @extend_schema(responses=page_schema(EnclaveSerializer), summary="Enclaves", tags=TAGS)
    def get(self, request: Request) -> Response:
        """The enclaves by their zones."""
        return self.page(self.narrowed(seeing.enclaves(self.tenant)), EnclaveSerializer)

    @extend_schema(
        request=NewEnclaveSerializer,
        responses={201: EnclaveSerializer},
        examples=ENCLAVES,
        summary="Create an enclave",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Adds a zone to an account. Next: apply its zone template, verify the account, deploy."""
        wanted = self.checked(NewEnclaveSerializer)
        account = self._account(wanted["account"])
        made = services.create_enclave(account, by=self.actor, zone=wanted["zone"])
        row = seeing.enclave(self.tenant, str(account), made.zone_id)
        return self.created(
            self.shown(EnclaveSerializer, row), self.address("api-enclave", account, row.zone)
        )

    def _account(self, name: str) -> CloudAccount:
        try:
            return seeing.account(self.tenant, name)
        except CloudAccount.DoesNotExist as error:
            raise ValidationError({"account": f"{name} is not registered."}) from error


class EnclaveView(EnclavesView):
    fresh = frozenset({"DELETE"})
    permissions = {"GET": Permission.ENCLAVE_VIEW, "DELETE": Permission.ENCLAVE_REMOVE}

    @extend_schema(responses=EnclaveSerializer, summary="An enclave", tags=TAGS)
    def get(self, request: Request, account: str, zone: str) -> Response:
        return self.single(self.shown(EnclaveSerializer, self._found(account, zone)))

    @extend_schema(responses={204: None}, summary="Give an enclave up", tags=TAGS)
    def delete(self, request: Request, account: str, zone: str) -> Response:
        """Its deployments must be retired before. What its zone template made is yours to delete."""
        services.remove_enclave(self._found(account, zone), by=self.actor)
        return Response(status=204)

    def _found(self, account: str, zone: str) -> Enclave:
        cloud, _, number = account.partition(":")
        rows = seeing.enclaves(self.tenant)
        return get_object_or_404(rows, account__cloud=cloud, account__number=number, zone=zone)
