import pytest
from celery.signals import celeryd_init
from django.core.checks import run_checks

from portal.checks import database_roles, production_settings

SAFE = {
    "PRODUCTION": True,
    "HTTPS": True,
    "ALLOWED_HOSTS": ["portal.example.com"],
    "AWS_ENDPOINT_URL": "",
    "SANDBOX_APPLY": {"aws": "", "azure": ""},
    "AWS_ACCOUNT_ID": "999900001111",
    "AWS_PRINCIPAL_ARN": "arn:aws:iam::999900001111:role/portal",
    "SMTP_HOST": "mail.example.com",
    "ISSUER_URL": "https://portal.example.com",
    "AZURE_AUTHORITY_URL": "",
    "AZURE_ARM_URL": "",
    "AZURE_CA_FILE": "",
    "AZURE_IMAGE_GALLERY": "enclaves-0123abcd",
    "SECRET_KEY": "k" * 50,
    "SIGNING_SECRET": "s" * 50,
    "AUDIT_KEY": "a" * 50,
    "AUDIT_OLD_KEYS": [],
    "SEALING_SECRET": "z" * 50,
    "SIGN_ON_LOOPBACK": False,
    "GATEWAY_URLS": ["wss://one.example.com:8443", "wss://two.example.com"],
    "AGENT_SHA256": "ab" * 32,
    "GATEWAY_SSH": "ssh.example.com:2222",
    "SIGNER_URL": "http://signer:8001",
    "SIGNER_SECRET": "p" * 50,
    "GATEWAY_SECRET": "",
    "SSH_SECRET": "",
    "SSH_OLD_SECRETS": [],
    "TRUST_DOMAIN": "portal.example.com",
    "HOST_LOGIN": "enclave",
}


@pytest.fixture
def safe(settings):
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def found():
    return [error.id for error in production_settings(None)]


def test_safe_settings_pass(safe):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "short", "portal.E001"),
        ("HTTPS", False, "portal.E002"),
        ("ALLOWED_HOSTS", ["*"], "portal.E003"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000", "portal.E004"),
        ("SANDBOX_APPLY", {"aws": "python -m sandbox.aws apply", "azure": ""}, "portal.E005"),
        ("SANDBOX_APPLY", {"aws": "", "azure": "python -m sandbox.azure apply"}, "portal.E005"),
        ("AWS_PRINCIPAL_ARN", "", "portal.E006"),
        ("SMTP_HOST", "", "portal.E008"),
        ("ISSUER_URL", "http://portal.example.com", "portal.E009"),
        ("ISSUER_URL", "https://portal.example.com/issuer", "portal.E009"),
        ("ISSUER_URL", "https://", "portal.E009"),
        ("AZURE_AUTHORITY_URL", "https://127.0.0.1:5001", "portal.E010"),
        ("AZURE_ARM_URL", "https://127.0.0.1:5001", "portal.E010"),
        ("AZURE_CA_FILE", "ca.pem", "portal.E011"),
        ("AZURE_IMAGE_GALLERY", "", "portal.E012"),
        ("SEALING_SECRET", "short", "portal.E016"),
        ("SEALING_SECRET", "k" * 50, "portal.E017"),
        ("SEALING_SECRET", "a" * 50, "portal.E017"),
        ("SIGN_ON_LOOPBACK", True, "portal.E018"),
        ("AUDIT_KEY", "", "portal.E013"),
        ("AUDIT_KEY", "short", "portal.E013"),
        ("AUDIT_KEY", "k" * 50, "portal.E014"),
        ("AUDIT_KEY", "s" * 50, "portal.E014"),
        ("AUDIT_OLD_KEYS", ["c2hvcnQ"], "portal.E015"),
        ("AUDIT_OLD_KEYS", ["no key"], "portal.E015"),
        ("GATEWAY_URLS", ["https://one.example.com"], "portal.E019"),
        ("GATEWAY_URLS", ["wss://one.example.com/agent"], "portal.E019"),
        ("GATEWAY_URLS", ["wss://one.example.com"] * 9, "portal.E019"),
        ("AGENT_SHA256", "", "portal.E020"),
        ("AGENT_SHA256", "AB" * 32, "portal.E020"),
        ("GATEWAY_SSH", "ssh.example.com", "portal.E021"),
        ("SIGNER_URL", "signer:8001", "portal.E022"),
        ("SIGNER_URL", "http://signer:8001/v1", "portal.E022"),
        ("SIGNER_SECRET", "short", "portal.E023"),
        ("SIGNER_SECRET", "k" * 50, "portal.E024"),
        ("GATEWAY_SECRET", "p" * 50, "portal.E024"),
        ("SSH_SECRET", "s" * 50, "portal.E024"),
        ("TRUST_DOMAIN", "Portal.example.com", "portal.E025"),
        ("HOST_LOGIN", "root", "portal.E026"),
        ("HOST_LOGIN", "", "portal.E026"),
    ],
)
def test_each_unsafe_setting_is_named_with_a_way_out(safe, name, value, expected):
    setattr(safe, name, value)

    errors = production_settings(None)
    assert [error.id for error in errors] == [expected]
    assert errors[0].hint


def test_the_web_process_needs_no_signing_secret(safe):
    safe.SIGNING_SECRET = ""

    assert found() == []


def test_a_portal_without_gateways_needs_nothing_of_access(safe):
    safe.GATEWAY_URLS, safe.AGENT_SHA256, safe.GATEWAY_SSH = [], "", ""
    safe.SIGNER_URL, safe.SIGNER_SECRET = "", ""

    assert found() == []


def test_an_unsafe_worker_ends_before_it_works(safe):
    safe.SIGNING_SECRET, safe.SSH_SECRET = "", "h" * 50

    with pytest.raises(SystemExit, match="PORTAL_SIGNING_SECRET has fewer than 50 characters"):
        celeryd_init.send(sender="worker@host")


def test_a_safe_worker_begins(safe):
    safe.SSH_SECRET = "h" * 50

    assert all(error is None for _, error in celeryd_init.send(sender="worker@host"))


def test_one_role_for_everything_is_refused(safe, monkeypatch):
    monkeypatch.setitem(safe.DATABASES["system"], "USER", safe.DATABASES["default"]["USER"])

    assert found() == ["portal.E007"]


def test_outside_of_production_the_sandbox_is_welcome(safe):
    safe.PRODUCTION, safe.AWS_ENDPOINT_URL = False, "http://127.0.0.1:5000"
    safe.ISSUER_URL, safe.AZURE_CA_FILE, safe.SIGNER_URL = "https://127.0.0.1:8001", "ca.pem", "pipe"

    assert found() == []


@pytest.mark.django_db
def test_a_role_that_row_level_security_binds_passes(settings):
    settings.PRODUCTION = True

    assert database_roles(None, databases=["default"]) == []


@pytest.mark.django_db(databases=["default", "system"])
def test_a_role_that_bypasses_row_level_security_is_refused(settings, monkeypatch):
    from django.db import connections

    settings.PRODUCTION = True
    monkeypatch.setattr("django.db.connection", connections["system"])

    assert [error.id for error in database_roles(None, databases=["default"])] == ["portal.E100"]


@pytest.mark.django_db
def test_a_table_without_its_policy_is_refused(settings):
    from django.db import connection

    settings.PRODUCTION = True
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY tenant_isolation ON enclaves_host")

    assert [error.id for error in database_roles(None, databases=["default"])] == ["portal.E101"]


@pytest.mark.django_db
@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "SELECT", "SELECT (private)"])
def test_an_application_that_could_make_or_read_signing_keys_is_refused(settings, right):
    from django.db import connection

    settings.PRODUCTION = True
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT {right} ON enclaves_signingkey TO portal_app")

    assert [error.id for error in database_roles(None, databases=["default"])] == ["portal.E102"]


@pytest.mark.django_db
@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "SELECT (public)"])
def test_an_application_that_could_make_or_read_keys_of_hosts_is_refused(settings, right):
    from django.db import connection

    settings.PRODUCTION = True
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT {right} ON enclaves_authority TO portal_app")

    assert [error.id for error in database_roles(None, databases=["default"])] == ["portal.E103"]


def test_the_checks_of_the_test_suite_itself_pass():
    assert [str(error) for error in run_checks()] == []
