from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services import tokens as services

EVENTS = "/api/v1/tenants/acme/audit-events/"
TOKENS = "/api/v1/tenants/acme/tokens/"


@pytest.fixture
def client(api, actor, acme):
    by = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        for number in range(7):
            services.create_token(f"token-{number}", ["reader"], timezone.now() + timedelta(days=1), by=by)
    return api(Role.READER)


def sequences(answer) -> list[int]:
    return [event["sequence"] for event in answer["results"]]


def test_following_next_meets_every_row_once(client):
    url, met = EVENTS + "?limit=4", []
    while url:
        answer = client.get(url).json()
        met += sequences(answer)
        url = answer["next"]

    assert met == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_previous_leads_back(client):
    first = client.get(EVENTS + "?limit=4").json()
    second = client.get(first["next"]).json()

    back = client.get(second["previous"]).json()

    assert first["previous"] is None
    assert sequences(back) == sequences(first)


def test_links_keep_the_filter(client):
    answer = client.get(EVENTS + "?limit=2&action=token.").json()

    assert "action=token." in answer["next"]
    assert answer["next"].startswith("http://testserver/api/v1/")


def test_a_page_has_500_rows_at_most(client):
    assert len(client.get(EVENTS + "?limit=100000").json()["results"]) == 9


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "", "٣"])
def test_a_limit_that_is_none_is_refused(client, limit):
    answer = client.get(EVENTS, {"limit": limit})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "limit")


@pytest.mark.parametrize(
    "cursor", ["x", "", "bnVsbA==", "WzFd", "WyJ4Il0=", "WzEsIDJd", "WyJcdTAwMDAiXQ==", "😀", "W1tbW1tbW1tb"]
)
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_cursor_that_is_none_is_refused(client, cursor, direction):
    answer = client.get(TOKENS.replace("tokens", "members"), {direction: cursor})

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
