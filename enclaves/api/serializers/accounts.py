from typing import Any

from rest_framework import serializers

from enclaves.api.serializers.base import CheckCountsSerializer, StrictSerializer, TextOrNull
from enclaves.blueprints import TEMPLATE_VERSION
from enclaves.lifecycle import AccountState
from enclaves.models import Cloud, CloudAccount
from enclaves.services.templates import Template
from tenants.policy import Permission

OUTCOMES = ("waiting", "running", "passed", "failed", "unknown", "skipped")
GROUPS = ("proof", "strangers", "permissions", "zone")


class NewAccountSerializer(StrictSerializer):
    account = serializers.CharField(
        max_length=60,
        help_text="The cloud and the account's id there: `aws:` and 12 digits, or `azure:` and the id of a "
        "subscription.",
    )
    azure_tenant_id = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        help_text="The Entra tenant that a subscription trusts; only for Azure, and needed there.",
    )
    title = serializers.CharField(
        max_length=80, required=False, allow_blank=True, help_text="What your people call it."
    )


class ClientIdSerializer(StrictSerializer):
    azure_client_id = serializers.CharField(
        max_length=60, help_text="The output `observerClientId` of the account template."
    )


class CloudAccountSerializer(serializers.Serializer[CloudAccount]):
    """A cloud account as one tenant registered it."""

    account = serializers.CharField(
        source="__str__", help_text="The name of the account in addresses and specs."
    )
    cloud = serializers.ChoiceField(Cloud.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(
        AccountState.choices,
        help_text="`verified` takes changes, unless it is frozen. `verifying`: it answers, and some check "
        "has not passed. `degraded`: was verified, and a check fails now. `insecure`: a stranger gets in.",
    )
    problem = serializers.CharField(help_text="Why the state is not what it should be; may be empty.")
    frozen_at = serializers.DateTimeField(allow_null=True, help_text="Since when all changes are stopped.")
    takes_changes = serializers.BooleanField(help_text="Verified and not frozen.")
    registration = serializers.CharField(help_text="Names this registration in the tags of the templates.")
    external_id = serializers.SerializerMethodField(
        help_text="What the portal must present to get in; made by the portal for this registration. "
        f"Null for those who lack `{Permission.ACCOUNT_REGISTER}`, and where a cloud trusts no such id."
    )
    azure_tenant_id = TextOrNull(help_text="The Entra tenant of a subscription; null elsewhere.")
    azure_client_id = TextOrNull(
        help_text="The identity by which the portal gets into a subscription; null until it is handed in."
    )
    template_version = serializers.IntegerField(
        allow_null=True, help_text=f"As found in the account; the newest is {TEMPLATE_VERSION}."
    )
    checks = CheckCountsSerializer(source="*", help_text="Of the account itself, without its enclaves.")
    enclaves = serializers.IntegerField(source="zone_count", help_text="How many enclaves it has.")
    registered_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True, help_text="When every check last passed.")
    checked_at = serializers.DateTimeField(allow_null=True, help_text="When the checks last ran.")
    next_check_at = serializers.DateTimeField(allow_null=True)

    def get_external_id(self, account: CloudAccount) -> str | None:
        may = self.context["actor"].may(Permission.ACCOUNT_REGISTER)
        return account.external_id if may and account.words.binding else None


class CheckSerializer(serializers.Serializer[Any]):
    """The last answer of one check."""

    code = serializers.CharField()
    group = serializers.ChoiceField(GROUPS)
    title = serializers.CharField()
    enclave = serializers.CharField(
        allow_null=True, help_text="Which enclave it is about; null: the account itself."
    )
    outcome = serializers.ChoiceField(
        OUTCOMES, help_text="`unknown` is never a pass: the cloud gave no clear answer."
    )
    advice = serializers.CharField(help_text="What to do if it did not pass.")
    evidence = serializers.CharField(help_text="What the cloud answered.")
    checked_at = serializers.DateTimeField(allow_null=True)


class ChecksSerializer(serializers.Serializer[Any]):
    """All checks in one page: an account has few."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CheckSerializer(many=True)


class TemplateSerializer(serializers.Serializer[Template]):
    """A template, and how to apply it."""

    version = serializers.IntegerField()
    format = serializers.CharField()
    file_name = serializers.CharField()
    text = serializers.CharField(help_text="The template itself.")
    command = serializers.CharField(help_text="Applies the file from a command line.")
    steps = serializers.ListField(child=serializers.CharField(), help_text="The same by hand.")
    sandbox_command = TextOrNull(help_text="In a demo: plays the cloud admin of the account.")
