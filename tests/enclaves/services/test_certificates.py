import asyncssh
import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.urls import set_urlconf

from enclaves.services.certificates import request_certificate
from tenants.errors import Forbidden, Refused
from tenants.policy import Role

pytestmark = pytest.mark.django_db(databases=["default", "system"], transaction=True)


@pytest.fixture
def signer(live_server):
    """A signer that answers over HTTP."""
    with override_settings(
        ROOT_URLCONF="portal.signer_urls",
        MIDDLEWARE=[],
        SSH_SECRET="s" * 40,
        SIGNER_SECRET="p" * 40,
        SIGNER_URL=live_server.url,
    ):
        set_urlconf(None)
        yield


@pytest.fixture
def line():
    return asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()


def test_the_signer_certifies_the_key_of_whoever_asked(signer, grant, support, line):
    made = request_certificate(grant, by=support, public_key=line)

    assert made.not_after == grant.ends_at
    assert asyncssh.import_certificate(made.certificate).principals == [grant.name]


def test_nobody_else_gets_a_certificate(signer, grant, actor, line):
    with pytest.raises(Forbidden, match="Only who asked"):
        request_certificate(grant, by=actor(Role.ADMIN), public_key=line)

    assert not grant.certificates.exists()


@pytest.mark.parametrize("text", ["", "hello", "ssh-dss AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"])
def test_what_is_no_public_key_is_refused_by_its_field(signer, grant, support, text):
    with pytest.raises(ValidationError) as refusal:
        request_certificate(grant, by=support, public_key=text)

    assert list(refusal.value.message_dict) == ["public_key"]
    assert text not in str(refusal.value) or not text


def test_an_ended_grant_is_told_before_anybody_signs(signer, asked, support, line):
    with pytest.raises(Refused, match="opens nothing now: it is requested"):
        request_certificate(asked, by=support, public_key=line)


@override_settings(SIGNER_URL="http://127.0.0.1:9", SIGNER_SECRET="p" * 40)
def test_a_signer_that_is_away_is_told_as_such(grant, support, line):
    with pytest.raises(Refused, match="does not answer"):
        request_certificate(grant, by=support, public_key=line)


@override_settings(SIGNER_URL="")
def test_a_portal_without_a_signer_says_so(grant, support, line):
    with pytest.raises(Refused, match="has no signer"):
        request_certificate(grant, by=support, public_key=line)


def test_the_signer_does_not_take_another_secret(signer, grant, support, line, settings):
    settings.SIGNER_SECRET = ""

    with pytest.raises(Refused, match="does not work"):
        request_certificate(grant, by=support, public_key=line)
