from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ApiToken, User
from tenants.policy import Role
from tenants.scope import tenant_scope

ACME = "/api/v1/tenants/acme/"


def knock(secret: str, scheme: str = "Bearer"):
    return Client().get(ACME, headers={"Authorization": f"{scheme} {secret}"})


def test_a_token_is_let_in_whatever_the_case_of_the_scheme(token_of):
    _, secret = token_of(Role.READER)

    assert [knock(secret).status_code, knock(secret, "bearer").status_code] == [200, 200]


@pytest.mark.parametrize("secret", ["", "ep_", "ep_unknown", "nonsense", "ep_" + "x" * 5000, "ep_\x7f"])
def test_what_is_no_token_is_refused(acme, secret):
    answer = knock(secret)

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Enclave Portal"'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revoked_at": timezone.now()}, "This token is revoked."),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "This token is expired."),
        ({"digest": "0" * 64}, "This token is unknown."),
    ],
)
def test_a_token_that_ended_is_refused(acme, token_of, change, said):
    token, secret = token_of(Role.ADMIN)
    with tenant_scope(acme.pk):
        ApiToken.objects.filter(pk=token.pk).update(**change)

    answer = knock(secret)

    assert (answer.status_code, answer.json()["detail"]) == (401, said)


def test_a_bad_token_is_not_made_up_for_by_a_good_session(browser):
    answer = browser(Role.ADMIN).get(ACME, headers={"Authorization": "Bearer ep_wrong"})

    assert answer.status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(acme, token_of):
    token, secret = token_of(Role.READER)
    long_ago, just_now = timezone.now() - timedelta(minutes=2), timezone.now() - timedelta(seconds=30)

    def used_after(noted):
        with tenant_scope(acme.pk):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=noted)
            knock(secret)
        with tenant_scope(acme.pk):
            return ApiToken.objects.get(pk=token.pk).last_used_at

    assert used_after(None) is not None
    assert used_after(long_ago) > just_now
    assert used_after(just_now) == just_now


def test_a_session_changes_nothing_without_the_csrf_token(actor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(actor(Role.ADMIN).membership.user)

    answer = client.post(ACME + "freeze/")

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert "CSRF" in answer.json()["detail"]


def test_a_token_needs_no_csrf_token(token_of):
    _, secret = token_of(Role.ADMIN)
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})

    assert client.post(ACME + "freeze/").status_code == 200


def test_a_person_who_was_deactivated_is_nobody(browser):
    client = browser(Role.ADMIN)
    User.objects.update(is_active=False)

    assert client.get(ACME).status_code == 401


def test_a_personal_token_is_of_no_use_once_its_person_is_gone(acme, token_of, actor):
    _, secret = token_of(Role.READER)
    with tenant_scope(acme.pk):
        actor(Role.ADMIN).membership.delete()

    answer = knock(secret)

    assert (answer.status_code, "not active here any more" in answer.json()["detail"]) == (401, True)


def test_no_secret_reaches_the_log(acme, token_of, caplog):
    _, secret = token_of(Role.READER)

    with caplog.at_level("DEBUG"):
        knock(secret)
        Client().get("/api/v1/tenants/globex/", headers={"Authorization": f"Bearer {secret}"})

    assert secret not in caplog.text
