"""What each process refuses to begin without, or with."""

import pytest

from portal import process_checks
from portal.process_checks import signer_settings, web_settings, worker_settings
from sandbox.notary import RegionalNotary

SECRETS = {
    "SECRET_KEY": "k" * 50,
    "SIGNING_SECRET": "",
    "SSH_SECRET": "",
    "SSH_OLD_SECRETS": [],
    "GATEWAY_SECRET": "g" * 50,
    "SIGNER_SECRET": "p" * 50,
    "GATEWAY_URLS": ["wss://one.example.com"],
    "PROCESS": "",
}


@pytest.fixture
def given(settings):
    settings.PRODUCTION = True
    for name, value in SECRETS.items():
        setattr(settings, name, value)
    return settings


@pytest.fixture
def signer(given, tmp_path):
    """The settings of a signer that may begin."""
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "us-east-1.pem").write_text(RegionalNotary().certificate("us-east-1"))
    given.PROCESS, given.SSH_SECRET, given.IDENTITY_CERTIFICATES = "signer", "h" * 50, str(tmp_path)
    return given


def ids(errors):
    return [error.id for error in errors]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"SIGNING_SECRET": ""}, ["portal.E050"]),
        ({"SIGNING_SECRET": "short"}, ["portal.E050"]),
        ({"SIGNING_SECRET": "k" * 50}, ["portal.E051"]),
        ({"SSH_SECRET": ""}, ["portal.E052"]),
        ({"SSH_SECRET": "", "GATEWAY_URLS": []}, []),
    ],
)
def test_a_worker_needs_secrets_of_its_own(given, changed, expected):
    for name, value in {"SIGNING_SECRET": "s" * 50, "SSH_SECRET": "h" * 50, **changed}.items():
        setattr(given, name, value)

    assert ids(worker_settings()) == expected


@pytest.mark.parametrize(("name", "value"), [("SSH_SECRET", "h" * 50), ("SSH_OLD_SECRETS", ["o" * 50])])
def test_the_web_process_refuses_what_opens_the_keys_of_hosts(given, name, value):
    setattr(given, name, value)

    assert ids(web_settings()) == ["portal.E060"]
    with pytest.raises(SystemExit, match=f"PORTAL_{name} is set for the web process"):
        process_checks.refuse_unsafe_process()


def test_the_web_process_begins_without_it(given):
    process_checks.refuse_unsafe_process()


def test_a_signer_with_all_that_it_needs_begins(signer):
    process_checks.refuse_unsafe_process()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SSH_SECRET", "short", "portal.E070"),
        ("GATEWAY_SECRET", "", "portal.E071"),
        ("SIGNER_SECRET", "", "portal.E072"),
        ("SIGNING_SECRET", "s" * 50, "portal.E073"),
        ("IDENTITY_CERTIFICATES", "", "portal.E074"),
        ("IDENTITY_CERTIFICATES", "/nowhere", "portal.E074"),
    ],
)
def test_a_signer_that_would_not_work_or_knows_too_much_ends(signer, name, value, expected):
    setattr(signer, name, value)

    assert ids(signer_settings()) == [expected]
    with pytest.raises(SystemExit, match=f"PORTAL_{name}"):
        process_checks.refuse_unsafe_process()


def test_a_file_that_holds_no_certificate_is_named(signer, tmp_path):
    (tmp_path / "aws" / "eu-west-1.pem").write_text("<html>Not found</html>")

    [error] = signer_settings()

    assert "eu-west-1.pem holds no certificates" in error.msg


def test_outside_of_production_every_process_begins(signer):
    signer.PRODUCTION, signer.SSH_SECRET = False, "short"

    assert (worker_settings(), web_settings(), signer_settings()) == ([], [], [])
