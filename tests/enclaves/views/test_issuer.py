import json
from urllib.parse import urlsplit

import jwt
import pytest
from django.test import Client

from enclaves.models import SigningKey
from enclaves.provisioning import issuer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

CONFIGURATION = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"


@pytest.fixture
def key(db):
    issuer.keep_keys()
    return SigningKey.objects.get()


class PortalKeys(jwt.PyJWKClient):
    """Finds keys as any verifier does: over the addresses that the issuer publishes."""

    def fetch_data(self):
        return Client().get(urlsplit(self.uri).path).json()


def test_a_stranger_can_check_an_assertion_from_the_published_pages_alone(key):
    published = Client().get(CONFIGURATION).json()
    assertion = issuer.sign("tenant:a:subscription:b:role:observer")

    found = PortalKeys(published["jwks_uri"]).get_signing_key_from_jwt(assertion)
    claims = jwt.decode(
        assertion,
        found,
        algorithms=published["id_token_signing_alg_values_supported"],
        issuer=published["issuer"],
        audience="api://AzureADTokenExchange",
    )
    assert claims["sub"] == "tenant:a:subscription:b:role:observer"


def test_the_configuration_names_the_issuer_to_the_letter(client, settings):
    settings.ISSUER_URL = "https://issuer.example.com"

    document = client.get(CONFIGURATION).json()
    assert document == {
        "issuer": "https://issuer.example.com",
        "jwks_uri": "https://issuer.example.com/.well-known/jwks.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "jti", "iat", "nbf", "exp"],
    }


@pytest.mark.parametrize(
    ("page", "kind"), [(CONFIGURATION, "application/json"), (KEYS, "application/jwk-set+json")]
)
def test_the_pages_are_for_everybody_and_may_be_kept_for_an_hour(key, client, page, kind):
    answer = client.get(page)

    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert answer.cookies == {}
    assert not answer.has_header("Vary")


def test_nobody_remembers_that_there_was_no_key_yet(client):
    answer = client.get(KEYS)

    assert (answer.json(), answer["Cache-Control"]) == ({"keys": []}, "no-store")


def test_the_keys_are_shown_without_their_private_halves(key, client):
    (shown,) = json.loads(client.get(KEYS).content)["keys"]

    assert set(shown) == {"kty", "n", "e", "kid", "use", "alg"}


def test_one_query_shows_the_keys_however_many_there_are(key, client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get(KEYS)

    issuer._publish_next(key, signs_from=key.signs_from)
    with django_assert_num_queries(1):
        assert len(client.get(KEYS).json()["keys"]) == 2


def test_the_configuration_needs_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(CONFIGURATION)


@pytest.mark.parametrize("page", [CONFIGURATION, KEYS])
def test_nothing_can_be_written_there(client, page):
    assert client.post(page).status_code == 405
