"""The second and third wall around the tables of this app: row-level policies and keys with the tenant."""

from django.db import migrations

from tenants.isolation import EnableTenantIsolation, TenantForeignKey

TABLES = [
    "cloudaccount",
    "accountcheck",
    "enclave",
    "application",
    "deployment",
    "revision",
    "host",
    "hostmove",
    "operation",
    "event",
    "work",
]
KEYS = [
    ("accountcheck", "account_id", "cloudaccount"),
    ("accountcheck", "enclave_id", "enclave"),
    ("enclave", "account_id", "cloudaccount"),
    ("deployment", "application_id", "application"),
    ("deployment", "enclave_id", "enclave"),
    ("deployment", "applied_id", "revision"),
    ("revision", "deployment_id", "deployment"),
    ("host", "enclave_id", "enclave"),
    ("host", "deployment_id", "deployment"),
    ("hostmove", "host_id", "host"),
    ("operation", "account_id", "cloudaccount"),
    ("operation", "enclave_id", "enclave"),
    ("operation", "deployment_id", "deployment"),
    ("operation", "revision_id", "revision"),
    ("event", "operation_id", "operation"),
]


class Migration(migrations.Migration):
    dependencies = [("enclaves", "0001_initial"), ("tenants", "0001_initial")]

    operations = [
        *(EnableTenantIsolation(f"enclaves_{table}") for table in TABLES),
        *(
            TenantForeignKey(f"enclaves_{child}", column, f"enclaves_{parent}")
            for child, column, parent in KEYS
        ),
    ]
