"""Single sign-on, and what may be read of one before a tenant is known."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import EnableTenantIsolation, TenantForeignKey, current

NO_TENANT = f"{current('app.tenant')} IS NULL"
NAME = current("app.sign_on", "text")


def opening(table: str, name: str, condition: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE POLICY {name} ON {table} FOR SELECT USING ({NO_TENANT} AND {condition})",
        f"DROP POLICY {name} ON {table}",
    )


def owned() -> list[tuple[str, models.Field]]:
    return [
        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
        (
            "tenant",
            models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="tenants.tenant",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant", name="sign_on_since", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="tenant",
            name="requires_sign_on",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="tenant",
            name="trusts_sign_on_factor",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("requires_sign_on", False), ("sign_on_since__isnull", False), _connector="OR"
                ),
                name="tenant_requires_what_it_has",
            ),
        ),
        migrations.CreateModel(
            name="SignOn",
            fields=[
                *owned(),
                ("name", models.CharField(max_length=31, unique=True)),
                ("issuer", models.CharField(max_length=300)),
                ("client_id", models.CharField(max_length=200)),
                ("sealed_secret", models.TextField(blank=True)),
                ("trusts_email", models.BooleanField(default=False)),
                ("configured_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tested_at", models.DateTimeField(null=True)),
                (
                    "tested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("problem_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_signon_tenant_id"),
                    models.UniqueConstraint(fields=("tenant",), name="sign_on_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignOnIdentity",
            fields=[
                *owned(),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to="tenants.membership",
                    ),
                ),
                ("issuer", models.CharField(max_length=300)),
                ("subject", models.CharField(max_length=255)),
                ("tied_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_signonidentity_tenant_id"),
                    models.UniqueConstraint(
                        fields=("tenant", "issuer", "subject"), name="sign_on_subject_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "membership", "issuer"), name="sign_on_member_once"
                    ),
                ],
            },
        ),
        EnableTenantIsolation("tenants_signon"),
        EnableTenantIsolation("tenants_signonidentity"),
        TenantForeignKey("tenants_signonidentity", "membership_id", "tenants_membership"),
        # The name leads people to a provider before any tenant is known, so it can only be the tenant's own.
        migrations.RunSQL(
            [
                "ALTER TABLE tenants_tenant ADD CONSTRAINT tenants_tenant_id_name UNIQUE (id, name)",
                "ALTER TABLE tenants_signon ADD CONSTRAINT sign_on_by_its_own_name"
                " FOREIGN KEY (tenant_id, name) REFERENCES tenants_tenant (id, name)",
            ],
            [
                "ALTER TABLE tenants_signon DROP CONSTRAINT sign_on_by_its_own_name",
                "ALTER TABLE tenants_tenant DROP CONSTRAINT tenants_tenant_id_name",
            ],
        ),
        opening("tenants_signon", "asked_sign_on", f"name = {NAME}"),
        opening(
            "tenants_tenant",
            "asked_tenant",
            f"id IN (SELECT tenant_id FROM tenants_signon WHERE name = {NAME})",  # noqa: S608 -- constants
        ),
    ]
