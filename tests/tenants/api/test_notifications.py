import pytest

from tenants.kinds import Kind
from tenants.models import Notification
from tenants.notifications import clear, notify
from tenants.policy import Role
from tenants.scope import tenant_scope

LIST = "/api/v1/tenants/acme/notifications/"
MAIL = LIST + "mail/"


@pytest.fixture
def told(acme) -> Notification:
    """A condition of acme's that holds, after one that is over."""
    with tenant_scope(acme.pk):
        over = {"tenant": acme, "source": "deployment:1"}
        notify(Kind.HOST_FAILED, title="2 hosts failed", **over)
        clear(Kind.HOST_FAILED, **over)
        words = {"title": "It is degraded", "detail": "No role.", "link": "/t/acme/accounts/"}
        return notify(Kind.ACCOUNT_DEGRADED, tenant=acme, source="account:1", **words)


def test_a_program_reads_what_holds_and_what_is_over(api, told, settings):
    answer = api(Role.READER).get(LIST).json()

    assert [one["kind"] for one in answer["results"]] == ["account.degraded", "host.failed"]
    (held, over) = answer["results"]
    assert held["link"] == settings.BASE_URL + "/t/acme/accounts/"
    assert (held["ended_at"], over["ended_at"] is None) == (None, False)


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("?open=true", ["account.degraded"]),
        ("?open=false", ["host.failed"]),
        ("?kind=host.failed", ["host.failed"]),
        ("?source=account:1", ["account.degraded"]),
        ("?source=account:2", []),
    ],
)
def test_a_list_is_narrowed(api, told, query, kinds):
    answer = api(Role.READER).get(LIST + query).json()

    assert [one["kind"] for one in answer["results"]] == kinds


def test_a_kind_that_is_none_is_refused(api, told):
    assert api(Role.READER).get(LIST + "?kind=weather").status_code == 400


def test_one_is_read_by_its_id_and_by_no_other_tenant(api, told, globex):
    answers = [
        api(Role.READER).get(f"{LIST}{told.pk}/"),
        api(Role.READER, globex).get(f"/api/v1/tenants/globex/notifications/{told.pk}/"),
    ]

    assert [answer.status_code for answer in answers] == [200, 404]


def test_what_a_role_may_not_see_is_not_there(api, acme):
    with tenant_scope(acme.pk):
        row = notify(Kind.TOKEN_CREATED, tenant=acme, source="token:1", title="A token")

    answers = [api(role).get(f"{LIST}{row.pk}/").status_code for role in (Role.DEVELOPER, Role.ADMIN)]

    assert answers == [404, 200]


def test_a_person_marks_as_seen_and_chooses_mail(browser, told):
    client = browser(Role.READER)
    as_json = {"content_type": "application/json"}

    seen = client.post(LIST + "seen/", {"until": told.changed_at.isoformat()}, **as_json)
    chosen = client.put(MAIL, {"kinds": ["host.failed"]}, **as_json)

    assert (seen.status_code, chosen.status_code) == (204, 200)
    assert [one["kind"] for one in client.get(MAIL).json()["choices"] if one["mail"]] == ["host.failed"]
    assert "nothing is new for you" in client.get("/t/acme/notifications/").text


def test_a_program_has_seen_nothing_and_gets_no_mail(api, told):
    client = api(Role.ADMIN)
    as_json = {"content_type": "application/json"}

    answers = [
        client.post(LIST + "seen/", {}, **as_json),
        client.get(MAIL),
        client.put(MAIL, {"kinds": []}, **as_json),
        client.put(MAIL, {"kinds": ["nonsense"]}, **as_json),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]


def test_a_list_costs_the_same_with_one_row_as_with_many(api, told, queries, at_most, acme):
    client = api(Role.READER)
    client.get(LIST)
    with at_most(9) as before:
        client.get(LIST)
    with tenant_scope(acme.pk):
        for number in range(5):
            notify(Kind.MEMBER_JOINED, tenant=acme, source=f"member:{number}", title="Joined")

    with queries(len(before)):
        client.get(LIST)
