"""What Azure adds: its part of a registration, quota, running launches, and the keys of the portal's issuer."""

from django.db import migrations, models

from tenants.isolation import APP_ROLE, grant, revoke

KEYS = "enclaves_signingkey"
SHOWN = "kid, public, created_at, signs_from, ends_at"


class Migration(migrations.Migration):
    dependencies = [
        ("enclaves", "0003_zones"),
    ]

    operations = [
        migrations.AddField(
            model_name="cloudaccount",
            name="azure_client_id",
            field=models.CharField(blank=True, max_length=36),
        ),
        migrations.AddField(
            model_name="cloudaccount",
            name="azure_tenant_id",
            field=models.CharField(blank=True, max_length=36),
        ),
        migrations.AddField(
            model_name="cloudaccount",
            name="facts",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="enclave",
            name="quota",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="host",
            name="cloud_operation",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="machinetype",
            name="family",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("public", models.JSONField()),
                ("private", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("signs_from", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ends_at",), name="signing_key_one_without_end", nulls_distinct=False
                    )
                ],
            },
        ),
        # Web and worker read what is published; only the sweep and who signs come as the system role.
        migrations.RunSQL(
            [revoke("ALL", KEYS, [APP_ROLE]), grant(f"SELECT ({SHOWN})", KEYS, [APP_ROLE])],
            migrations.RunSQL.noop,
        ),
    ]
