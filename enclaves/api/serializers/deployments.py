from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from enclaves.api.serializers.base import HostCountsSerializer, StrictSerializer
from enclaves.lifecycle import DeploymentState, HostState
from enclaves.models import Application, Deployment, Revision
from enclaves.services.spec import SCHEMA

APPLICATION_NAME = SCHEMA["properties"]["application"]["pattern"]
PLAN_HASH = r"^sha256:[0-9a-f]{64}$"


class NewApplicationSerializer(StrictSerializer):
    name = serializers.RegexField(
        APPLICATION_NAME, help_text="2 to 40 lower-case letters, digits and dashes; begins with a letter."
    )


class ApplicationSerializer(serializers.Serializer[Application]):
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class PlannedHostSerializer(serializers.Serializer[Any]):
    cluster = serializers.CharField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    machine = serializers.CharField(help_text="The cloud's name of the machine type that was chosen.")
    architecture = serializers.CharField()
    vcpu = serializers.IntegerField()
    memory_mib = serializers.IntegerField()
    disk_gib = serializers.IntegerField()
    confidential = serializers.CharField()
    availability_zone_id = serializers.CharField()
    image_id = serializers.CharField()


class LeavingHostSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(HostState.choices)
    why = serializers.CharField()


class PlanSerializer(serializers.Serializer[Any]):
    """What applying the revision would do."""

    create = PlannedHostSerializer(many=True)  # type: ignore[assignment]  # a field, no method: never saved
    remove = LeavingHostSerializer(many=True)
    replace = LeavingHostSerializer(
        many=True, help_text="Failed hosts that go; their successors are in `create`."
    )
    stay = serializers.IntegerField(help_text="How many hosts are not touched.")
    image = inline_serializer(
        "ImageChange",
        {
            "from": serializers.CharField(help_text="Empty if nothing ran before."),
            "to": serializers.CharField(),
        },
        allow_null=True,
        help_text="Null if the image stays.",
    )


@extend_schema_field(PlanSerializer)
class PlanField(serializers.JSONField):
    """The plan exactly as it was hashed."""


@extend_schema_field({"$ref": "#/components/schemas/DeploymentSpec"})
class SpecField(serializers.JSONField):
    """A spec, with the defaults filled in."""


class DeploymentSerializer(serializers.Serializer[Deployment]):
    """An application in one enclave."""

    id = serializers.UUIDField()
    application = serializers.CharField()
    enclave = serializers.CharField()
    state = serializers.ChoiceField(
        DeploymentState.choices,
        help_text="`planned`: nothing applied yet. `held_back`: hosts are missing, and `problem` says why.",
    )
    problem = serializers.CharField()
    applied_revision = serializers.IntegerField(
        source="applied.number", default=None, allow_null=True, help_text="Null until a plan is applied."
    )
    hosts = HostCountsSerializer(source="*")
    created_at = serializers.DateTimeField()


class RevisionLineSerializer(serializers.Serializer[Revision]):
    """A revision without its spec and plan."""

    number = serializers.IntegerField()
    plan_hash = serializers.CharField()
    planned_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    applied_at = serializers.DateTimeField(allow_null=True)
    applied_by = serializers.CharField(help_text="Empty until it is applied.")


class RevisionSerializer(RevisionLineSerializer):
    """One numbered, immutable spec of a deployment, and the plan that would make it true."""

    deployment = serializers.UUIDField(source="deployment_id")
    spec = SpecField()
    spec_text = serializers.CharField(
        source="source", help_text="The spec as it was submitted, comments and all."
    )
    plan = PlanField()


class SubmittedSerializer(serializers.Serializer[Revision]):
    """The revision that a spec became. Nothing changes before its plan is applied."""

    deployment = serializers.UUIDField(source="deployment_id")
    revision = serializers.IntegerField(source="number")
    plan = PlanField()
    plan_hash = serializers.CharField(help_text="Names this plan; apply it by this.")


class ApplySerializer(StrictSerializer):
    plan_hash = serializers.RegexField(PLAN_HASH, help_text="The hash of the plan that you have read.")
    revision = serializers.IntegerField(
        required=False, min_value=1, help_text="Not needed: the revision is found by its plan."
    )
