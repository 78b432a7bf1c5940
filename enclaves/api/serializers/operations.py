from typing import Any

from rest_framework import serializers

from enclaves.lifecycle import OperationState
from enclaves.models import Operation

STEP_STATES = ["waiting", "running", "done", "failed"]


class StepSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    state = serializers.ChoiceField(STEP_STATES)
    detail = serializers.CharField()


class OperationSerializer(serializers.Serializer[Operation]):
    """A piece of work that a worker does. Ask again until `ended_at` is set."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Operation.Kind.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(OperationState.choices)
    account = serializers.CharField()
    enclave = serializers.CharField(allow_null=True)
    deployment = serializers.UUIDField(source="deployment_id", allow_null=True)
    revision = serializers.IntegerField(source="revision_number", allow_null=True)
    steps = StepSerializer(many=True)
    outcome = serializers.CharField(help_text="How it ended, in words; empty before.")
    asked_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class EventSerializer(serializers.Serializer[Any]):
    """A line of an operation's log."""

    id = serializers.IntegerField(help_text="Grows with time.")
    at = serializers.DateTimeField()
    by = serializers.CharField()
    tone = serializers.CharField(help_text="`ok`, `warn`, `bad`, or empty.")
    text = serializers.CharField()


class EventsSerializer(serializers.Serializer[Any]):
    """Lines of a log, oldest first."""

    next = serializers.URLField(allow_null=True, help_text="Null while there is nothing newer.")
    previous = serializers.URLField(allow_null=True, help_text="Always null: keep what you have read.")
    results = EventSerializer(many=True)
