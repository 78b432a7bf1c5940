from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_service_token, create_token
from tests.signing_in import TOO_LONG, sign_in

ACME = "/api/v1/tenants/acme/"
TOKENS = ACME + "tokens/"
JSON = "application/json"


def in_days(days: float) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def with_token(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def wanted(**changes) -> dict:
    return {"name": "laptop", "roles": ["reader"], "expires_at": in_days(30), **changes}


@pytest.fixture
def robot(machine, actor):
    """A program of a service account, its token, and the account: ``robot(Role.ADMIN)``."""

    def make(role: Role):
        account, by = machine(role), actor(Role.ADMIN)
        with tenant_scope(by.tenant_id):
            until = timezone.now() + timedelta(days=1)
            token, secret = create_service_token(account, "deploy", until, by=by)
        return with_token(secret), token, account

    return make


def test_a_personal_token_is_made_listed_used_and_revoked(browser):
    client = browser(Role.DEVELOPER)

    made = client.post(TOKENS, wanted(), JSON)
    program = with_token(made.json()["token"])
    used = program.get(ACME)
    listed = client.get(TOKENS).json()["results"][0]
    revoked = client.delete(made["Location"])

    assert (made.status_code, made["Cache-Control"], used.status_code) == (201, "no-store", 200)
    assert (listed["name"], listed["state"], listed["last_used_at"] is None) == ("laptop", "active", False)
    assert (listed["member"], listed["service_account"]) == ("developer@acme.example", None)
    assert "token" not in listed
    assert (revoked.status_code, program.get(ACME).status_code) == (204, 401)


def test_a_program_makes_tokens_of_service_accounts_and_no_personal_one(robot):
    client, _, account = robot(Role.ADMIN)
    of_account = {"name": "next", "expires_at": in_days(1), "service_account": account.name}

    made, personal = client.post(TOKENS, of_account, JSON), client.post(TOKENS, wanted(), JSON)

    assert (made.status_code, personal.status_code) == (201, 403)
    assert (made.json()["service_account"], made.json()["roles"]) == ("robot", ["admin"])
    assert with_token(made.json()["token"]).get(ACME).status_code == 200


def test_a_personal_token_makes_no_other(api, machine):
    account = machine(Role.READER)
    of_account = {"name": "next", "expires_at": in_days(1), "service_account": account.name}
    client = api(Role.ADMIN)

    answers = [client.post(TOKENS, wanted(), JSON), client.post(TOKENS, of_account, JSON)]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_a_developer_makes_no_token_for_admins_or_programs(browser, machine):
    client, account = browser(Role.DEVELOPER), machine(Role.READER)
    of_account = {"name": "next", "expires_at": in_days(1), "service_account": account.name}

    answers = [client.post(TOKENS, wanted(roles=["admin"]), JSON), client.post(TOKENS, of_account, JSON)]

    assert [answer.status_code for answer in answers] == [403, 403]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": "admin"}, "roles"),
        ({"roles": ["wizard"]}, "roles.0"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": in_days(1000)}, "expires_at"),
        ({"service_account": "nobody"}, "roles"),
    ],
)
def test_wrong_input_is_told_by_field_and_changes_nothing(browser, acme, changes, field):
    answer = browser(Role.ADMIN).post(TOKENS, wanted(**changes), JSON)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    with tenant_scope(acme.pk):
        assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("given", [{}, {"service_account": "nobody"}])
def test_a_token_needs_roles_or_a_service_account_that_exists(browser, given):
    answer = browser(Role.ADMIN).post(TOKENS, {"name": "x", "expires_at": in_days(1), **given}, JSON)

    field = "service_account" if given else "roles"
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_token_is_rotated_with_an_overlap(browser):
    client = browser(Role.DEVELOPER)
    old = client.post(TOKENS, wanted(), JSON).json()

    made = client.post(f"{TOKENS}{old['id']}/rotate/", {"overlap_hours": 1}, JSON)
    again = client.post(f"{TOKENS}{old['id']}/rotate/", {}, JSON)

    now = client.get(f"{TOKENS}{old['id']}/").json()
    new = made.json()
    assert (made.status_code, new["replaces"], now["successor"]) == (201, old["id"], new["id"])
    assert (now["state"], now["expires_at"] < in_days(1 / 23)) == ("active", True)
    works = [with_token(secret).get(ACME).status_code for secret in (old["token"], new["token"])]
    assert works == [200, 200]
    assert again.status_code == 409


def test_a_program_rotates_its_own_token_without_any_right_to_manage(robot):
    client, token, _ = robot(Role.READER)

    made = client.post(f"{TOKENS}{token.pk}/rotate/", {"overlap_hours": 0}, JSON)

    assert made.status_code == 201
    assert client.get(ACME).status_code == 401
    assert with_token(made.json()["token"]).get(ACME).status_code == 200


@pytest.mark.parametrize("hours", [-1, 169, "long", None, 1.5])
def test_an_overlap_is_a_number_of_hours_up_to_a_week(browser, hours):
    client = browser(Role.DEVELOPER)
    old = client.post(TOKENS, wanted(), JSON).json()

    answer = client.post(f"{TOKENS}{old['id']}/rotate/", {"overlap_hours": hours}, JSON)

    assert answer.status_code == 400


def test_the_secret_of_a_rotation_is_not_kept_for_a_repetition(browser):
    client = browser(Role.DEVELOPER)
    old = client.post(TOKENS, wanted(), JSON).json()
    key = {"Idempotency-Key": "once"}

    answers = [client.post(f"{TOKENS}{old['id']}/rotate/", {}, JSON, headers=key) for _ in range(2)]

    assert [answer.json()["token"] is None for answer in answers] == [False, True]


def test_the_personal_tokens_of_others_are_found_by_admins_alone(browser, actor, acme):
    with tenant_scope(acme.pk):
        until = timezone.now() + timedelta(days=1)
        token, _ = create_token("laptop", ["reader"], until, by=actor(Role.DEVELOPER))

    codes = {role: browser(role).get(f"{TOKENS}{token.pk}/").status_code for role in Role}

    assert codes == {Role.ADMIN: 200, Role.DEVELOPER: 200, Role.READER: 404}
    assert browser(Role.READER).delete(f"{TOKENS}{token.pk}/").status_code == 404
    assert browser(Role.ADMIN).post(f"{TOKENS}{token.pk}/rotate/", {}, JSON).status_code == 403


def test_the_tokens_of_one_service_account_are_listed(robot, browser, token_of):
    _, token, account = robot(Role.READER)
    token_of(Role.READER)

    listed = browser(Role.ADMIN).get(f"{TOKENS}?service_account={account.name}").json()["results"]

    assert [one["id"] for one in listed] == [str(token.pk)]


def test_who_signed_in_long_ago_does_so_again_before_they_get_a_secret(actor):
    client = sign_in(Client(), actor(Role.ADMIN).membership.user, ago=TOO_LONG)

    answer = client.post(TOKENS, wanted(), JSON)

    assert (answer.status_code, answer.json()["type"].endswith("/reauthenticate")) == (403, True)


def test_a_second_factor_that_the_tenant_requires_is_not_asked_of_programs(robot, token_of, acme):
    client, _, _ = robot(Role.READER)
    _, personal = token_of(Role.READER)
    with tenant_scope(acme.pk):
        Tenant.objects.filter(pk=acme.pk).update(requires_second_factor=True)

    assert [client.get(ACME).status_code, with_token(personal).get(ACME).status_code] == [200, 200]
