from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.examples import ACCOUNTS, CLIENT_ID
from enclaves.api.serializers.accounts import (
    CheckSerializer,
    ChecksSerializer,
    ClientIdSerializer,
    CloudAccountSerializer,
    NewAccountSerializer,
)
from enclaves.api.serializers.operations import OperationSerializer
from enclaves.models import CloudAccount
from enclaves.services import accounts as services
from enclaves.services import seeing
from tenants.api.schema import page_schema
from tenants.policy import Permission

TAGS = ["cloud accounts"]


class AccountView(EnclavesView):
    """A view of one account, or of what belongs to it."""

    def found(self, account: str) -> CloudAccount:
        cloud, _, number = account.partition(":")
        return get_object_or_404(seeing.accounts(self.tenant), cloud=cloud, number=number)

    def now(self, account: CloudAccount) -> Response:
        return self.single(self.shown(CloudAccountSerializer, self.found(str(account))))


class CloudAccountListView(ListView, AccountView):
    permissions = {"GET": Permission.ACCOUNT_VIEW, "POST": Permission.ACCOUNT_REGISTER}
    ordering = ("registered_at", "id")

    @extend_schema(responses=page_schema(CloudAccountSerializer), summary="Cloud accounts", tags=TAGS)
    def get(self, request: Request) -> Response:
        """The accounts that are registered, oldest first."""
        rows = self.narrowed(seeing.accounts(self.tenant))
        return self.page(rows, CloudAccountSerializer, actor=self.actor)

    @extend_schema(
        request=NewAccountSerializer,
        responses={201: CloudAccountSerializer},
        examples=ACCOUNTS,
        summary="Register a cloud account",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Names an account and makes the binding for it, which no one else gets.

        Nothing is reserved until it is proved. Next: download the account template, apply it in the
        account with your own rights, and verify. An Azure subscription is registered with the Entra tenant
        that it trusts, and what its template puts out as `observerClientId` is handed in before verifying.
        """
        account = services.register_account(by=self.actor, **self.checked(NewAccountSerializer))
        data = self.shown(CloudAccountSerializer, self.found(str(account)))
        return self.created(data, self.address("api-cloud-account", account))


class CloudAccountView(AccountView):
    fresh = frozenset({"DELETE"})
    permissions = {"GET": Permission.ACCOUNT_VIEW, "DELETE": Permission.ACCOUNT_REMOVE}

    @extend_schema(responses=CloudAccountSerializer, summary="A cloud account", tags=TAGS)
    def get(self, request: Request, account: str) -> Response:
        return self.now(self.found(account))

    @extend_schema(responses={204: None}, summary="Give a cloud account up", tags=TAGS)
    def delete(self, request: Request, account: str) -> Response:
        """Its enclaves must be removed before. What the template made is yours to delete."""
        services.remove_account(self.found(account), by=self.actor)
        return Response(status=204)


class AccountVerifyView(AccountView):
    permissions = {"POST": Permission.ACCOUNT_VERIFY}

    @extend_schema(
        request=None, responses={202: OperationSerializer}, summary="Verify a cloud account", tags=TAGS
    )
    def post(self, request: Request, account: str) -> Response:
        """Has every check of the account and its enclaves run now; watch the operation, read the checks.

        If a verification is under way already, that one is the answer.
        """
        return self.accepted(services.verify_account(self.found(account), by=self.actor))


class AccountClientIdView(AccountView):
    permissions = {"POST": Permission.ACCOUNT_REGISTER}

    @extend_schema(
        request=ClientIdSerializer,
        responses=CloudAccountSerializer,
        examples=[CLIENT_ID],
        summary="Hand in the client id",
        tags=TAGS,
    )
    def post(self, request: Request, account: str) -> Response:
        """Tells the identity that the account template made in an Azure subscription.

        Its id is the template's output `observerClientId`, and no secret: only the portal's own assertion
        makes a token of it. The account is verified with it at once.
        """
        row = self.found(account)
        services.hand_in_client(row, by=self.actor, **self.checked(ClientIdSerializer))
        return self.now(row)


class AccountCheckListView(AccountView):
    permissions = {"GET": Permission.ACCOUNT_VIEW}

    @extend_schema(responses=ChecksSerializer, summary="Checks of a cloud account", tags=TAGS)
    def get(self, request: Request, account: str) -> Response:
        """The checks of the account, then those of its enclaves, in the order in which they are run."""
        checks = seeing.every_check(self.found(account))
        return Response({"next": None, "previous": None, "results": CheckSerializer(checks, many=True).data})


class AccountFreezeView(AccountView):
    fresh = frozenset({"POST"})
    permissions = {"POST": Permission.ACCOUNT_FREEZE}

    @extend_schema(request=None, responses=CloudAccountSerializer, summary="Freeze an account", tags=TAGS)
    def post(self, request: Request, account: str) -> Response:
        """Stops every change in this account at once. What runs keeps running."""
        row = self.found(account)
        services.freeze_account(row, by=self.actor)
        return self.now(row)


class AccountUnfreezeView(AccountView):
    fresh = frozenset({"POST"})
    permissions = {"POST": Permission.ACCOUNT_FREEZE}

    @extend_schema(
        request=None, responses=CloudAccountSerializer, summary="Lift the freeze of an account", tags=TAGS
    )
    def post(self, request: Request, account: str) -> Response:
        """Changes go on from where they stopped."""
        row = self.found(account)
        services.unfreeze_account(row, by=self.actor)
        return self.now(row)
