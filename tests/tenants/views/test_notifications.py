import pytest

from tenants.kinds import Kind
from tenants.models import AuditEvent, Letter, MailPreference, Membership, Notification
from tenants.notifications import notify
from tenants.policy import Role
from tenants.scope import tenant_scope

PAGE = "/t/acme/notifications/"
MAIL = PAGE + "mail/"


@pytest.fixture
def tell(acme):
    """Tell acme of something: ``tell(Kind.HOST_FAILED, "2 hosts failed")``."""

    def make(kind=Kind.ACCOUNT_DEGRADED, title="It is degraded", source="account:1", **words) -> Notification:
        with tenant_scope(acme.pk):
            return notify(kind, tenant=acme, source=source, title=title, **words)

    return make


def test_what_holds_stands_before_what_is_over(browser, tell):
    client = browser(Role.READER)
    tell(Kind.MEMBER_JOINED, "Bob joined")
    tell(detail="The role is gone", link="/t/acme/accounts/")

    page = client.get(PAGE).text

    order = [page.index(part) for part in ("Holds now", "It is degraded", "Earlier", "Bob joined")]
    assert order == sorted(order)
    assert ["1 condition holds now, 2 new for you" in page, "The role is gone." in page] == [True, True]


def test_the_bell_counts_on_every_page_what_is_new(browser, tell):
    client = browser(Role.READER)
    before = client.get("/t/acme/members/").text

    tell()

    after = client.get("/t/acme/members/").text
    assert ["1 new" in page for page in (before, after)] == [False, True]


def test_what_was_seen_is_new_no_more_and_what_came_meanwhile_is(browser, tell, acme):
    client, seen = browser(Role.READER), tell()
    tell(source="account:2")

    client.post(PAGE + "seen/", {"until": seen.changed_at.isoformat()})

    assert "1 new for you" in client.get(PAGE).text


@pytest.mark.parametrize("until", ["soon", "2999-01-01T00:00:00Z"])
def test_a_moment_that_is_none_or_in_the_future_hides_nothing_that_comes_later(browser, tell, until):
    client = browser(Role.READER)

    client.post(PAGE + "seen/", {"until": until})
    tell()

    assert "1 new for you" in client.get(PAGE).text


def test_looking_alone_changes_nothing(browser, tell, acme):
    client = browser(Role.READER)
    tell()

    client.get(PAGE)
    client.get(PAGE + "bell/", headers={"HX-Request": "true"})

    assert "1 new for you" in client.get(PAGE).text


def test_a_script_gets_the_parts_that_change(browser, tell):
    client = browser(Role.READER)
    tell()

    parts = [client.get(page, headers={"HX-Request": "true"}).text for page in (PAGE, PAGE + "bell/")]

    assert ["<html" in part for part in parts] == [False, False]
    assert ['id="live"' in parts[0], 'id="bell"' in parts[1]] == [True, True]


def test_letters_that_wait_and_that_were_refused_are_shown(browser, tell, acme):
    row = tell()
    tell(Kind.HOST_FAILED, "A host failed")
    with tenant_scope(acme.pk):
        Letter.objects.filter(notification=row).update(problem="The mail server does not take letters.")
        lost = {"due_at": None, "attempts": 1, "problem": "The mail server refuses the address (550)."}
        Letter.objects.exclude(notification=row).update(**lost)

    page = browser(Role.READER).get(PAGE).text

    assert "1 letter waits: The mail server does not take letters." in page
    assert "1 letter not sent: The mail server refuses the address (550)." in page


def test_what_a_role_may_not_see_is_not_shown(browser, tell, acme):
    tell(Kind.TOKEN_CREATED, "The token ci was made")

    pages = [browser(role).get(PAGE).text for role in (Role.READER, Role.ADMIN)]

    assert ["The token ci was made" in page for page in pages] == [False, True]


def test_words_of_others_are_text_and_no_markup(browser, tell):
    tell(title="<script>alert(1)</script>", detail="<b>bold</b>")

    page = browser(Role.READER).get(PAGE).text

    assert ["<script>alert" in page, "<b>bold" in page] == [False, False]


def test_a_page_costs_the_same_with_one_notification_as_with_many(browser, tell, queries, at_most):
    client = browser(Role.READER)
    tell()
    tell(Kind.MEMBER_JOINED)
    with at_most(12) as before:
        client.get(PAGE)
    for number in range(5):
        tell(source=f"account:more-{number}")
        tell(Kind.MEMBER_JOINED, source=f"member:{number}")

    with queries(len(before)):
        client.get(PAGE)


def test_a_member_chooses_their_mail_and_the_choice_is_recorded(browser, actor, acme):
    client = browser(Role.READER)

    client.post(MAIL, {"work": [Kind.HOST_FAILED]})

    with tenant_scope(acme.pk):
        (chosen,) = MailPreference.objects.all()
        event = AuditEvent.objects.get(action="member.mail_chosen")
    assert (chosen.kind, chosen.wanted, chosen.member) == ("host.failed", True, actor(Role.READER).membership)
    assert event.detail == {"on": ["host.failed"], "off": []}


def test_a_choice_is_shown_and_can_be_taken_back(browser, acme):
    client = browser(Role.ADMIN)
    client.post(MAIL, {"work": [Kind.HOST_FAILED]})
    without = client.get(MAIL).text.count("checked")

    client.post(MAIL, {"work": [Kind.HOST_FAILED, Kind.OPERATION_FAILED]})

    assert (without, client.get(MAIL).text.count("checked")) == (1, 2)


def test_what_one_may_not_see_is_not_offered_and_cannot_be_chosen(browser, acme):
    client = browser(Role.READER)

    answer = client.post(MAIL, {"tokens": [Kind.TOKEN_CREATED]})

    assert ("A token was made" in client.get(MAIL).text, answer.status_code) == (False, 302)
    with tenant_scope(acme.pk):
        assert not MailPreference.objects.exists()


def test_who_leaves_takes_their_choices_along(browser, acme):
    client = browser(Role.READER)
    client.post(MAIL, {"work": [Kind.HOST_FAILED]})

    client.post("/t/acme/leave/")

    with tenant_scope(acme.pk):
        assert (Membership.objects.count(), MailPreference.objects.count()) == (1, 0)
