"""The files of a gateway: for its eyes alone, kept while they are good, renewed in time."""

import ssl
from datetime import timedelta

import asyncssh
import pytest
from cryptography import x509 as pyca
from django.core.management import CommandError, call_command
from django.utils import timezone

from enclaves.management.commands import gateway_files
from enclaves.models import Authority

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture(autouse=True)
def secret(settings):
    settings.SSH_SECRET, settings.TRUST_DOMAIN = "s" * 50, "portal.example"
    return settings


@pytest.fixture
def write(tmp_path):
    """Write the files: ``write()`` returns what is in each."""

    def run(*names):
        wanted = [word for name in names or ("gateway.example", "10.0.0.9") for word in ("--name", name)]
        call_command("gateway_files", str(tmp_path / "gateway"), *wanted, verbosity=0)
        return {file.name: file.read_bytes() for file in (tmp_path / "gateway").iterdir()}

    return run


def changed(before, after):
    return sorted(name for name in after if before.get(name) != after[name])


def test_a_gateway_gets_all_that_it_needs_and_secrets_are_for_it_alone(write, tmp_path):
    files = write()

    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "gateway").iterdir()}
    assert (tmp_path / "gateway").stat().st_mode & 0o777 == 0o700
    assert modes == {
        "agent_roots.pem": 0o644,
        "gateway.key": 0o600,
        "gateway.pem": 0o644,
        "gateway_roots.pem": 0o644,
        "host_key": 0o600,
        "host_key.pub": 0o644,
    }
    assert asyncssh.import_private_key(files["host_key"]).export_public_key() == files["host_key.pub"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "gateway" / "gateway.pem", tmp_path / "gateway" / "gateway.key")


def test_what_is_good_is_kept(write):
    assert changed(write(), write()) == []


def test_a_certificate_is_renewed_ten_days_before_its_end_and_the_host_key_never(write, monkeypatch):
    first = write()

    class Later:
        @staticmethod
        def now():
            return timezone.now() + passed

    monkeypatch.setattr(gateway_files, "timezone", Later)
    passed = timedelta(days=19)
    kept, passed = write(), timedelta(days=21)
    renewed = write()

    assert changed(first, kept) == []
    assert changed(first, renewed) == ["gateway.key", "gateway.pem"]
    ends = pyca.load_pem_x509_certificate(renewed["gateway.pem"]).not_valid_after_utc
    assert ends - timezone.now() > timedelta(days=50)


@pytest.mark.parametrize("what", ["another name", "another key", "half written", "another database"])
def test_a_certificate_that_is_of_no_use_is_replaced(write, tmp_path, what):
    first, folder, names = write(), tmp_path / "gateway", ()
    if what == "another name":
        names = ("other.example",)
    elif what == "another key":
        (folder / "gateway.key").write_bytes(first["host_key"])
    elif what == "half written":
        (folder / "gateway.pem").write_bytes(first["gateway.pem"][:200])
    else:
        Authority.objects.using("system").all().delete()

    again = write(*names)

    assert {"gateway.key", "gateway.pem"} <= set(changed(first, again))
    assert again["host_key"] == first["host_key"]


def test_who_may_not_sign_writes_nothing(write, secret, tmp_path):
    secret.SSH_SECRET = ""

    with pytest.raises(CommandError, match="signer's environment"):
        write()
    assert not list((tmp_path / "gateway").iterdir())
