"""Indexes for the lists across all tenants, which no index that begins with the tenant serves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("enclaves", "0005_follow_at"),
    ]

    operations = [
        migrations.AddIndex(
            "cloudaccount", models.Index(fields=["-registered_at", "-id"], name="fleet_account_by_age")
        ),
        migrations.AddIndex(
            "enclave", models.Index(fields=["-created_at", "-id"], name="fleet_enclave_by_age")
        ),
        migrations.AddIndex("host", models.Index(fields=["-created_at", "-id"], name="fleet_host_by_age")),
        migrations.AddIndex(
            "operation", models.Index(fields=["-created_at", "-id"], name="fleet_operation_by_age")
        ),
        migrations.AddIndex(
            "hostmove",
            models.Index(fields=["at"], condition=models.Q(target="failed"), name="fleet_host_failed_at"),
        ),
    ]
