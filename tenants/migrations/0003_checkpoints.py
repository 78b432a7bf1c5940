"""Checkpoints of the audit: what the portal signed of a chain, for the tenant to keep."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenants.isolation import EnableTenantIsolation, revoke


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_isolation"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("sequence", models.PositiveBigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("tenant_name", models.CharField(max_length=31)),
                ("signed_at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "id"), name="tenants_auditcheckpoint_tenant_id"
                    ),
                    models.UniqueConstraint(fields=("tenant", "sequence"), name="audit_checkpoint_once"),
                ],
            },
        ),
        EnableTenantIsolation("tenants_auditcheckpoint"),
        # What was signed stays as it was signed, like the events.
        migrations.RunSQL(revoke("UPDATE, DELETE", "tenants_auditcheckpoint"), migrations.RunSQL.noop),
    ]
