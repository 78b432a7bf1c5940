from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.models import ApiToken, AuditEvent, IdempotentAnswer
from tenants.policy import Role
from tenants.scope import tenant_scope

TOKENS = "/api/v1/tenants/acme/tokens/"
INVITATIONS = "/api/v1/tenants/acme/invitations/"
BOB = {"email": "bob@acme.example", "roles": ["reader"]}


@pytest.fixture
def post(browser):
    client = browser(Role.ADMIN)

    def send(path=INVITATIONS, body=BOB, key="once"):
        return client.post(path, body, "application/json", headers={"Idempotency-Key": key})

    return send


def test_the_same_key_gets_the_same_answer_and_does_nothing_again(post, acme):
    first, second = post(), post()

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.json(), second["ETag"]) == (first.json(), first["ETag"])
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    with tenant_scope(acme.pk):
        assert AuditEvent.objects.filter(action="invitation.sent").count() == 1


def test_without_a_key_a_repetition_is_another_request(api, post):
    post()

    assert post(key="another").status_code == 409


def test_a_key_is_good_for_one_request_only(post):
    post()

    answer = post(body={**BOB, "roles": ["admin"]})

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


def test_the_same_key_of_somebody_else_is_another_key(post, api, acme):
    post()

    other = api(Role.ADMIN)
    answer = other.post(INVITATIONS, BOB, "application/json", headers={"Idempotency-Key": "once"})

    assert answer.status_code == 409  # done again, and refused because bob is invited already


def test_after_an_error_the_same_key_may_try_again(post, acme):
    wrong = post(body={**BOB, "roles": ["wizard"]})
    right = post()

    assert (wrong.status_code, right.status_code) == (400, 201)


def test_a_key_is_forgotten_after_a_day(post, acme):
    post()
    with tenant_scope(acme.pk):
        IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert post().status_code == 409


def test_the_secret_of_a_token_is_not_kept_for_a_repetition(post, acme):
    wanted = {
        "name": "x",
        "roles": ["reader"],
        "expires_at": (timezone.now() + timedelta(days=1)).isoformat(),
    }

    first, second = post(TOKENS, wanted), post(TOKENS, wanted)

    assert first.json()["token"].startswith("ep_")
    assert second.json() == {**first.json(), "token": None}
    with tenant_scope(acme.pk):
        assert ApiToken.objects.filter(name="x").count() == 1
        assert first.json()["token"] not in str(list(IdempotentAnswer.objects.values()))


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there"])
def test_a_key_that_is_none_is_refused(post, key):
    assert post(key=key).status_code == 400
