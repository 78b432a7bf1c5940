import jwt
import pytest
from azure.identity import ClientSecretCredential

from sandbox.azure.principals import Principal
from sandbox.azure.transport import in_process
from sandbox.azure.wire import Request

SCOPE = "https://management.azure.com/.default"


def login(azure, directory, client_id, secret, **options):
    return ClientSecretCredential(
        directory, client_id, secret,
        disable_instance_discovery=True, transport=in_process(azure), retry_total=0, **options,
    )  # fmt: skip


def test_an_owner_gets_a_token_for_resource_manager(azure, owner, secret_of):
    token = secret_of(owner).get_token(SCOPE).token

    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["tid"]) == ("https://management.azure.com", owner.directory_id)
    assert (claims["appid"], claims["oid"]) == (owner.client_id, owner.object_id)


def test_the_tokens_are_signed_with_the_published_key(azure, owner, secret_of):
    token = secret_of(owner).get_token(SCOPE).token
    path = f"/{owner.directory_id}/discovery/v2.0/keys"

    keys = jwt.PyJWKSet.from_json(azure.answer(Request("GET", path)).body.decode())

    assert jwt.decode(
        token, keys[jwt.get_unverified_header(token)["kid"]], audience="https://management.azure.com"
    )


@pytest.mark.parametrize(
    ("field", "number"), [("client_id", "AADSTS700016"), ("client_secret", "AADSTS7000215")]
)
def test_a_wrong_login_gets_no_token(azure, owner, code, field, number):
    given = {"client_id": owner.client_id, "client_secret": owner.client_secret, field: "wrong"}

    refused = code(login(azure, owner.directory_id, *given.values()).get_token, SCOPE)

    assert refused == number


def test_an_owner_is_unknown_in_another_directory(azure, owner, new_owner, code):
    other = new_owner()

    refused = code(login(azure, other.directory_id, owner.client_id, owner.client_secret).get_token, SCOPE)

    assert refused == "AADSTS700016"


def test_a_directory_that_is_not_there_has_no_tokens(azure, owner):
    path = "/dddd9999-0000-4000-8000-000000000000/oauth2/v2.0/token"

    assert azure.answer(Request("POST", path)).status == 400


@pytest.mark.usefixtures("group")
def test_resource_manager_wants_a_token_of_the_right_directory(
    azure, owner, new_owner, client, secret_of, send
):
    stranger = client(secret_of(new_owner()))

    given = send("GET", "/resourcegroups/g", api="2021-04-01", by=stranger)

    assert (given.status, given.body["error"]["code"]) == (401, "InvalidAuthenticationTokenTenant")
    assert owner.directory_id in given.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (lambda entra, one: "", "AuthenticationFailed"),
        (lambda entra, one: "Basic abc", "AuthenticationFailed"),
        (lambda entra, one: "Bearer abc", "InvalidAuthenticationToken"),
        (lambda entra, one: f"Bearer {entra.issue(one, 'https://a')}", "InvalidAuthenticationTokenAudience"),
        (lambda entra, one: f"Bearer {entra.issue(one, lifetime=-1)}", "ExpiredAuthenticationToken"),
    ],
)  # fmt: skip
def test_resource_manager_wants_a_good_token(azure, owner, header, code):
    one = Principal(owner.object_id, owner.client_id, owner.directory_id, "owner")
    headers = {"authorization": header(azure.entra, one)}

    given = azure.answer(
        Request("GET", f"/subscriptions/{owner.subscription_id}", {"api-version": "1"}, headers)
    )

    assert given.status == 401
    assert f'"{code}"' in given.body.decode()
    assert "WWW-Authenticate" in given.headers


def test_who_signs_tokens_himself_is_not_believed(azure, owner, issuer):
    claims = {"oid": owner.object_id, "tid": owner.directory_id, "appid": owner.client_id}
    forged = issuer.sign(aud="https://management.azure.com", **claims)
    headers = {"authorization": f"Bearer {forged}"}

    given = azure.answer(
        Request("GET", f"/subscriptions/{owner.subscription_id}", {"api-version": "1"}, headers)
    )

    assert (given.status, "InvalidAuthenticationToken" in given.body.decode()) == (401, True)


def test_tokens_are_recorded_without_their_secrets(azure, owner, new_identity, federated, issuer, code):
    identity = new_identity("enclave-observer")

    code(federated(identity, issuer.sign()).get_token, SCOPE)
    code(federated(identity, issuer.sign(sub="somebody else")).get_token, SCOPE)

    calls = azure.record.calls(subscription=owner.subscription_id, action="token")
    assert [(call.role, call.outcome) for call in calls] == [
        ("enclave-observer", "ok"),
        ("enclave-observer", "AADSTS700213"),
    ]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"client_id", b"client_id=x&grant_type=%00"])
def test_nonsense_is_no_login(azure, owner, body):
    given = azure.answer(Request("POST", f"/{owner.directory_id}/oauth2/v2.0/token", body=body))

    assert (given.status, b"AADSTS700016" in given.body) == (400, True)
