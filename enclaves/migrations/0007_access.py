"""Temporary access: who may get onto which hosts until when, what was recorded, and the hosts' agents."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import APP_ROLE, EnableTenantIsolation, TenantForeignKey, grant, revoke

SERIALS = "enclaves_certificate_serial"
GRANT_SERIALS = grant("USAGE", SERIALS).replace('ON "', 'ON SEQUENCE "')
TABLES = [
    "accessrules",
    "accessrequest",
    "accesshost",
    "accesscertificate",
    "accesssession",
    "recordingchunk",
    "agent",
]
KEYS = [
    ("accessrequest", "enclave_id", "enclave"),
    ("accessrequest", "deployment_id", "deployment"),
    ("accessrequest", "extends_id", "accessrequest"),
    ("accesshost", "request_id", "accessrequest"),
    ("accesshost", "host_id", "host"),
    ("accesscertificate", "request_id", "accessrequest"),
    ("accesssession", "request_id", "accessrequest"),
    ("accesssession", "host_id", "host"),
    ("recordingchunk", "session_id", "accesssession"),
    ("agent", "host_id", "host"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("enclaves", "0006_fleet"),
        ("tenants", "0008_notifications"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="identity",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="host",
            name="user_data",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="work",
            name="kind",
            field=models.CharField(
                choices=[("verify", "Verify"), ("reconcile", "Reconcile"), ("access", "Access")],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="AccessHost",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="enclaves.host"
                    ),
                ),
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
            },
        ),
        migrations.CreateModel(
            name="AccessRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=30, unique=True)),
                ("asked_as", models.CharField(max_length=200)),
                (
                    "side",
                    models.CharField(choices=[("tenant", "Tenant"), ("vendor", "Vendor")], max_length=10),
                ),
                ("reason", models.CharField(max_length=500)),
                ("ticket", models.CharField(blank=True, max_length=80)),
                ("minutes_asked", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("active", "Active"),
                            ("ended", "Ended"),
                            ("denied", "Denied"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed"),
                            ("activation_failed", "activation failed"),
                            ("revocation_failed", "revocation failed"),
                        ],
                        default="requested",
                        max_length=20,
                    ),
                ),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("lapses_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_as", models.CharField(blank=True, max_length=200)),
                (
                    "decided_for",
                    models.CharField(
                        blank=True, choices=[("tenant", "Tenant"), ("vendor", "Vendor")], max_length=10
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("minutes_given", models.PositiveIntegerField(null=True)),
                ("begins_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("activated_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_as", models.CharField(blank=True, max_length=200)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("expired", "Expired"),
                            ("revoked", "Revoked"),
                            ("finished", "Finished"),
                            ("frozen", "Frozen"),
                        ],
                        max_length=10,
                    ),
                ),
                ("nothing_left_at", models.DateTimeField(null=True)),
                ("problem", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deployment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_requests",
                        to="enclaves.deployment",
                    ),
                ),
                (
                    "enclave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_requests",
                        to="enclaves.enclave",
                    ),
                ),
                (
                    "extends",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to="enclaves.accessrequest",
                    ),
                ),
                (
                    "hosts",
                    models.ManyToManyField(
                        related_name="access_requests", through="enclaves.AccessHost", to="enclaves.host"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
            },
        ),
        migrations.AddField(
            model_name="accesshost",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="places",
                to="enclaves.accessrequest",
            ),
        ),
        migrations.CreateModel(
            name="AccessCertificate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("serial", models.PositiveBigIntegerField(unique=True)),
                ("fingerprint", models.CharField(max_length=60)),
                ("key_kind", models.CharField(max_length=60)),
                ("certificate", models.TextField()),
                ("not_before", models.DateTimeField()),
                ("not_after", models.DateTimeField()),
                ("issued_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="enclaves.accessrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["issued_at", "id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AccessRules",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("longest_minutes", models.PositiveIntegerField(default=1440)),
                ("delegates", models.BooleanField(default=False)),
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
            },
        ),
        migrations.CreateModel(
            name="AccessSession",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("fingerprint", models.CharField(max_length=60)),
                ("source", models.GenericIPAddressField()),
                ("gateway", models.CharField(max_length=80)),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_reason", models.CharField(blank=True, max_length=40)),
                ("nothing_left_at", models.DateTimeField(null=True)),
                ("recorded", models.PositiveBigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_sessions",
                        to="enclaves.host",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="enclaves.accessrequest",
                    ),
                ),
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
                "ordering": ["opened_at", "id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Agent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=64)),
                ("ssh_key", models.CharField(max_length=60)),
                ("enrolled_at", models.DateTimeField()),
                ("renewed_at", models.DateTimeField()),
                ("not_after", models.DateTimeField()),
                ("version", models.CharField(blank=True, max_length=40)),
                ("seen_at", models.DateTimeField(null=True)),
                ("facts", models.JSONField(default=dict)),
                (
                    "host",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agent", to="enclaves.host"
                    ),
                ),
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
            },
        ),
        migrations.CreateModel(
            name="Authority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=20)),
                ("scope", models.CharField(blank=True, max_length=36)),
                ("public", models.TextField()),
                ("private", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("signs_from", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["created_at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("purpose", "scope", "ends_at"),
                        name="authority_one_without_end",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecordingChunk",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("offset", models.PositiveBigIntegerField()),
                ("text", models.TextField()),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chunks",
                        to="enclaves.accesssession",
                    ),
                ),
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
                "ordering": ["offset"],
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="accessrequest",
            index=models.Index(fields=["tenant", "-requested_at", "-id"], name="access_by_age"),
        ),
        migrations.AddIndex(
            model_name="accessrequest",
            index=models.Index(fields=["tenant", "state"], name="access_by_state"),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.UniqueConstraint(
                fields=("tenant", "id"), name="enclaves_accessrequest_tenant_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("person")), _negated=True),
                    _connector="OR",
                ),
                name="access_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("approved", "active")), _negated=True),
                    models.Q(
                        ("begins_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("ends_at__gt", models.F("begins_at")),
                    ),
                    _connector="OR",
                ),
                name="access_granted_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes_asked__gte", 15), ("minutes_asked__lte", 1440)),
                name="access_asked_in_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("minutes_given", None),
                    models.Q(("minutes_given__gte", 15), ("minutes_given__lte", models.F("minutes_asked"))),
                    _connector="OR",
                ),
                name="access_never_lengthened",
            ),
        ),
        migrations.AddConstraint(
            model_name="accesshost",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="enclaves_accesshost_tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="accesshost",
            constraint=models.UniqueConstraint(fields=("tenant", "request", "host"), name="access_host_once"),
        ),
        migrations.AddConstraint(
            model_name="accesscertificate",
            constraint=models.UniqueConstraint(
                fields=("tenant", "id"), name="enclaves_accesscertificate_tenant_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrules",
            constraint=models.UniqueConstraint(
                fields=("tenant", "id"), name="enclaves_accessrules_tenant_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrules",
            constraint=models.UniqueConstraint(fields=("tenant",), name="access_rules_once"),
        ),
        migrations.AddConstraint(
            model_name="accessrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("longest_minutes__gte", 15), ("longest_minutes__lte", 1440)),
                name="access_ceiling_in_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="accesssession",
            index=models.Index(fields=["tenant", "request"], name="access_session_by_request"),
        ),
        migrations.AddConstraint(
            model_name="accesssession",
            constraint=models.UniqueConstraint(
                fields=("tenant", "id"), name="enclaves_accesssession_tenant_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="enclaves_agent_tenant_id"),
        ),
        migrations.AddConstraint(
            model_name="recordingchunk",
            constraint=models.UniqueConstraint(
                fields=("tenant", "id"), name="enclaves_recordingchunk_tenant_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordingchunk",
            constraint=models.UniqueConstraint(
                fields=("tenant", "session", "offset"), name="recording_chunk_once"
            ),
        ),
        *(EnableTenantIsolation(f"enclaves_{table}") for table in TABLES),
        *(
            TenantForeignKey(f"enclaves_{child}", column, f"enclaves_{parent}")
            for child, column, parent in KEYS
        ),
        # What was signed and what was recorded is never changed.
        *(
            migrations.RunSQL(revoke("UPDATE, DELETE", f"enclaves_{table}"), migrations.RunSQL.noop)
            for table in ("accesscertificate", "recordingchunk")
        ),
        # The signer and the worker alone come as the system role.
        migrations.RunSQL(revoke("ALL", "enclaves_authority", [APP_ROLE]), migrations.RunSQL.noop),
        migrations.RunSQL(
            [f"CREATE SEQUENCE {SERIALS}", GRANT_SERIALS], f"DROP SEQUENCE IF EXISTS {SERIALS}"
        ),
    ]
