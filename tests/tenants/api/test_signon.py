import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.models import SignOn, SignOnIdentity
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.signing_in import TOO_LONG, sign_in
from tests.tenants.signon.providers import know

SIGN_ON = "/api/v1/tenants/acme/sign-on/"
GIVEN = {"issuer": "https://login.example.com", "client_id": "portal", "client_secret": "hush"}


@pytest.fixture
def admin(api) -> Client:
    return api(Role.ADMIN)


def put(client: Client, body: dict, **headers):
    return client.put(SIGN_ON, body, "application/json", headers=headers)


def test_there_is_none_until_it_is_set_up(admin):
    assert admin.get(SIGN_ON).status_code == 404


def test_it_is_set_up_and_read_back_without_its_secret(admin):
    made = put(admin, GIVEN)

    assert made.status_code == 200
    read = admin.get(SIGN_ON)
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    told = read.json()
    assert {name: told[name] for name in ("issuer", "client_id", "has_secret", "state", "tested_at")} == {
        "issuer": "https://login.example.com",
        "client_id": "portal",
        "has_secret": True,
        "state": "untried",
        "tested_at": None,
    }
    assert told["redirect_uri"].endswith("/sign-on/acme/callback/")
    assert "hush" not in read.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "http://login.example.com"}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ["x"]}, "client_secret"),
        ({"client_secret": "a\nb"}, "client_secret"),
        ({"trusts_email": "perhaps"}, "trusts_email"),
    ],
)
def test_wrong_settings_are_told_by_field(admin, acme, changes, field):
    answer = put(admin, {**GIVEN, **changes})

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    with tenant_scope(acme.pk):
        assert not SignOn.objects.exists()


def test_who_saw_older_settings_does_not_overwrite_newer_ones(admin):
    tag = put(admin, GIVEN)["ETag"]
    put(admin, {**GIVEN, "trusts_email": True})

    assert put(admin, GIVEN, **{"If-Match": tag}).status_code == 412


def test_a_program_cannot_require_it(admin, provider, set_up):
    set_up(provider)

    assert admin.post(SIGN_ON + "require/").status_code == 403


def test_it_is_lifted_ended_and_removed(admin, provider, set_up):
    set_up(provider)

    assert admin.post(SIGN_ON + "lift/").json()["state"] == "in_force"
    assert admin.post(SIGN_ON + "end-sessions/").json()["state"] == "in_force"
    assert admin.delete(SIGN_ON).status_code == 204
    assert admin.get(SIGN_ON).status_code == 404


@pytest.mark.parametrize("deed", ["require/", "lift/", "end-sessions/"])
def test_without_one_there_is_nothing_to_be_done(admin, deed):
    assert admin.post(SIGN_ON + deed).status_code == 404


def test_who_came_by_it_is_listed_and_untied(admin, provider, set_up, visitor, actor, acme):
    set_up(provider)
    subject = know(provider, actor(Role.READER))
    visitor.sign_on(provider, subject)

    (tie,) = admin.get(SIGN_ON + "identities/").json()["results"]
    gone = admin.delete(f"{SIGN_ON}identities/{tie['id']}/")

    assert (tie["email"], tie["subject"], tie["issuer"]) == ("reader@acme.example", subject, provider.issuer)
    assert gone.status_code == 204
    with tenant_scope(acme.pk):
        assert not SignOnIdentity.objects.exists()


def test_the_list_costs_the_same_for_one_and_for_more(admin, provider, set_up, visitor, actor, queries):
    set_up(provider)
    visitor.sign_on(provider, know(provider, actor(Role.READER)))
    admin.get(SIGN_ON)  # the first use of a token is noted
    with CaptureQueriesContext(connection) as few:
        admin.get(SIGN_ON + "identities/")
    count = len(few)
    for role in (Role.DEVELOPER, Role.ADMIN):
        visitor.client.logout()
        visitor.sign_on(provider, know(provider, actor(role)))

    with queries(count):
        assert len(admin.get(SIGN_ON + "identities/").json()["results"]) == 3


@pytest.mark.parametrize(("method", "deed"), [("put", ""), ("delete", ""), ("post", "end-sessions/")])
def test_a_session_that_is_not_fresh_changes_nothing(actor, provider, set_up, method, deed):
    set_up(provider)
    stale = sign_in(Client(), actor(Role.ADMIN).membership.user, ago=TOO_LONG)

    answer = getattr(stale, method)(SIGN_ON + deed, GIVEN, "application/json")

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "reauthenticate")
