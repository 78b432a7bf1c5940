"""Service accounts, and tokens that are held by one of them or by a person."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import EnableTenantIsolation, TenantForeignKey

ROLES = [("admin", "admin"), ("developer", "developer"), ("reader", "reader")]

# Until now a token was a program of its own: each gets an account of its name, and keeps what it may.
# Nobody is in a tenant here, and the policies bind the owner too; hence they are lifted for this moment.
HOLDERS = """
ALTER TABLE tenants_apitoken NO FORCE ROW LEVEL SECURITY;
WITH programs AS (
    SELECT tenant_id, name, roles, min(created_at) AS created_at,
        trim(BOTH '-' FROM left(regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g'), 26)) AS slug
    FROM tenants_apitoken GROUP BY tenant_id, name, roles
), slugs AS (
    SELECT *, CASE WHEN slug ~ '^[a-z]' THEN slug ELSE trim(BOTH '-' FROM 'token-' || slug) END AS account
    FROM programs
), accounts AS (
    SELECT *, CASE WHEN count(*) OVER same > 1
        THEN '-' || left(md5(name || array_to_string(roles, ',')), 6) ELSE '' END AS suffix
    FROM slugs WINDOW same AS (PARTITION BY tenant_id, account)
)
INSERT INTO tenants_serviceaccount (id, tenant_id, name, title, roles, created_at)
    SELECT gen_random_uuid(), tenant_id, account || suffix, name, roles, created_at FROM accounts;
UPDATE tenants_apitoken SET service_account_id = account.id, roles = '{}'
    FROM tenants_serviceaccount AS account
    WHERE account.tenant_id = tenants_apitoken.tenant_id AND account.title = tenants_apitoken.name
        AND account.roles = tenants_apitoken.roles;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE tenants_apitoken FORCE ROW LEVEL SECURITY;
"""


def people() -> models.ForeignKey:
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_notifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                r"\A[a-z][a-z0-9-]{0,39}\Z",
                                "Use up to 40 small letters, digits and dashes; begin with a letter.",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120)),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=ROLES, max_length=20)
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("created_by", people()),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_serviceaccount_tenant_id"),
                    models.UniqueConstraint(fields=("tenant", "name"), name="service_account_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(("roles__len__gt", 0)), name="service_account_has_a_role"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^[a-z][a-z0-9-]{0,39}$")),
                        name="service_account_name_is_a_slug",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="apitoken", name="token_has_a_role"),
        migrations.AddField(
            model_name="apitoken",
            name="service_account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="tenants.serviceaccount",
            ),
        ),
        migrations.AddField(model_name="apitoken", name="user", field=people()),
        migrations.AddField(
            model_name="apitoken",
            name="replaces",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="successor",
                to="tenants.apitoken",
            ),
        ),
        migrations.RunSQL(HOLDERS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("roles__len__gt", 0), ("service_account", None), ("user__isnull", False)),
                    models.Q(("roles", []), ("service_account__isnull", False), ("user", None)),
                    _connector="OR",
                ),
                name="token_has_one_holder",
            ),
        ),
        EnableTenantIsolation("tenants_serviceaccount"),
        TenantForeignKey("tenants_apitoken", "service_account_id", "tenants_serviceaccount"),
        TenantForeignKey("tenants_apitoken", "replaces_id", "tenants_apitoken"),
    ]
