from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import audit
from tenants.api.base import TenantAPIView
from tenants.api.schema import page_schema
from tenants.models import AuditCheckpoint
from tenants.policy import Permission
from tenants.verifier import FORMAT


class CheckpointSerializer(serializers.Serializer[AuditCheckpoint]):
    """What the portal signed of a chain. Keep it as it is: the verifier takes it as a file."""

    format = serializers.ChoiceField(choices=[FORMAT])
    tenant = serializers.CharField()
    tenant_id = serializers.UUIDField()
    sequence = serializers.IntegerField(min_value=1, help_text="Of the last event that it covers.")
    hash = serializers.CharField(help_text="Of that event.")
    signed_at = serializers.DateTimeField()
    key_id = serializers.CharField(help_text="Which of the keys in /.well-known/enclave-audit-keys.json.")
    signature = serializers.CharField(help_text="Ed25519 over the rest as canonical JSON, in hexadecimal.")

    def to_representation(self, checkpoint: AuditCheckpoint) -> dict[str, Any]:
        # As it was signed, to the last digit of the moment.
        return audit.document(checkpoint)


class CheckpointListView(TenantAPIView):
    permissions = {"GET": Permission.AUDIT_VIEW, "POST": Permission.AUDIT_VIEW}
    ordering = ("-sequence",)

    @extend_schema(responses=page_schema(CheckpointSerializer), summary="Signed checkpoints of the audit")
    def get(self, request: Request) -> Response:
        return self.page(audit.checkpoints(self.tenant), CheckpointSerializer)

    @extend_schema(
        request=None,
        responses={200: CheckpointSerializer, 201: CheckpointSerializer},
        summary="Check the whole chain now, and sign its end",
    )
    def post(self, request: Request) -> Response:
        """With 200 it is the last one again: nothing was recorded since. A broken chain is 409."""
        verdict = audit.verify(self.tenant)
        checkpoint = audit.sign(self.tenant, verdict, by=self.actor)
        status = 201 if checkpoint.sequence > verdict.events else 200
        return Response(CheckpointSerializer(checkpoint).data, status=status)
