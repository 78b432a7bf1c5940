import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from tenants.invitations import SESSION_KEY, invite_member, revoke_invitation
from tenants.models import Invitation, Membership, User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.tenants.letters.mail_server import MailServer

BOB = "bob@acme.example"
PAGE = "/t/acme/invitations/"
PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _nothing_was_sent_yet():
    """Letters that confirm an address are counted in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def link(acme, actor, posted) -> str:
    """The link in bob's letter."""
    by = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        secret = posted(invite_member, BOB, ["reader"], by=by)
    return f"/invitation/{secret}/"


@pytest.fixture
def invitation(link, acme) -> Invitation:
    with tenant_scope(acme.pk):
        return Invitation.objects.get()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def roles_of(email: str, tenant) -> list[list[str]]:
    with tenant_scope(tenant.pk):
        return list(Membership.objects.filter(user__email=email).values_list("roles", flat=True))


def test_somebody_is_invited_and_stands_beside_the_members(browser, acme):
    client = browser(Role.ADMIN)

    answer = client.post(PAGE + "send/", {"email": BOB, "roles": ["reader", "developer"]}, follow=True)

    assert "bob@acme.example is invited, for seven days." in answer.text
    assert [part in answer.text for part in ("pending", "developer, reader", "Revoke…")] == [True] * 3
    assert roles_of(BOB, acme) == []


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("admin@acme.example", "is a member already"),
        ("bob@acme.example\nBcc: eve@globex.example", "Enter a valid email address."),
        ("nobody", "Enter a valid email address."),
    ],
)
def test_who_cannot_be_invited_is_told_beside_the_field(browser, mailoutbox, email, said):
    page = browser(Role.ADMIN).post(PAGE + "send/", {"email": email, "roles": ["reader"]})

    assert (page.status_code, said in page.text, mailoutbox) == (200, True, [])


def test_a_reader_sees_no_invitation_beside_the_members(browser, link):
    page = browser(Role.READER).get("/t/acme/members/").text

    assert (BOB in page, "Leave…" in page) == (False, True)


def test_sending_again_and_revoking_ask_first(browser, invitation, acme):
    client = browser(Role.ADMIN)

    asked = [client.get(f"{PAGE}{invitation.pk}/{deed}/").text for deed in ("resend", "revoke")]
    client.post(f"{PAGE}{invitation.pk}/resend/")
    told = client.post(f"{PAGE}{invitation.pk}/revoke/", follow=True).text

    assert ["Send again" in asked[0], "Revoke now" in asked[1]] == [True, True]
    assert "The invitation of bob@acme.example is revoked." in told
    with tenant_scope(acme.pk):
        found = Invitation.objects.get()
    assert (found.letters, found.state) == (2, "revoked")


def test_the_invitation_of_another_tenant_is_not_found(browser, invitation, globex):
    stranger = browser(Role.ADMIN, globex)

    answers = [
        stranger.post(f"/t/globex/invitations/{invitation.pk}/{deed}/") for deed in ("resend", "revoke")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_what_is_over_tells_when_it_ended_and_offers_nothing(browser, invitation):
    client = browser(Role.ADMIN)
    client.post(f"{PAGE}{invitation.pk}/revoke/")

    page = client.get(PAGE).text

    assert ["revoked" in page, "Revoke…" in page, "in 6 d" in page] == [True, False, False]


def test_the_list_costs_the_same_for_one_and_for_three(browser, actor, link, acme, queries, at_most):
    client, by = browser(Role.ADMIN), actor(Role.ADMIN)
    with at_most(12) as before:
        client.get(PAGE)
    with tenant_scope(acme.pk):
        for name in ("eve", "mal"):
            invite_member(f"{name}@acme.example", ["reader"], by=by)

    with queries(len(before)):
        client.get(PAGE)


def test_a_link_gives_its_secret_away_at_once(link):
    client = Client()

    answer = client.get(link)

    assert (answer.status_code, answer.url) == (302, "/invitation/")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    secret = link.split("/")[2]
    assert secret not in str(dict(client.session))
    assert secret not in client.get("/invitation/").text


def test_looking_at_a_link_uses_nothing_up(link, invitation, acme):
    for _ in range(3):
        Client().get(link, follow=True)  # as scanners of mail do

    with tenant_scope(acme.pk):
        assert Invitation.objects.get().state == "pending"


def test_nobody_is_shown_both_ways_in(link, new_user):
    before = Client().get(link, follow=True).text
    new_user(BOB)
    after = Client().get(link, follow=True).text

    assert ["You are invited to acme" in before, "Sign in" in before, "Sign up" in before] == [True] * 3
    assert without_tokens(before) == without_tokens(after)


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_who_signs_in_as_the_one_invited_accepts(link, proven, acme):
    user = proven(BOB)
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.get(link)

    client.post("/accounts/login/?next=/invitation/", {"login": BOB, "password": PASSWORD})
    told = client.post("/invitation/accept/", follow=True)

    assert "You are a member of acme now." in told.text
    assert (roles_of(BOB, acme), SESSION_KEY in client.session) == ([["reader"]], False)


@pytest.mark.parametrize("verification", ["optional", "mandatory"])
def test_who_signs_up_by_the_link_has_proven_the_address(link, acme, settings, mailoutbox, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    client = Client()
    client.get(link)

    form = {"name": "Bob", "email": BOB, "password1": PASSWORD, "next": "/invitation/"}
    landed = client.post("/accounts/signup/", form)
    client.post("/invitation/accept/")

    assert landed.url == "/invitation/"
    assert roles_of(BOB, acme) == [["reader"]]


def test_who_signs_up_with_another_address_has_proven_nothing(link, acme):
    client = Client()
    client.get(link)

    form = {"name": "Eve", "email": "eve@globex.example", "password1": PASSWORD}
    client.post("/accounts/signup/", form)
    page = client.post("/invitation/accept/", follow=True)

    assert not EmailAddress.objects.filter(verified=True).exists()
    assert "This invitation is for bob@acme.example" in page.text
    assert (roles_of(BOB, acme), roles_of("eve@globex.example", acme)) == ([], [])


def test_a_revoked_link_proves_nothing_to_who_signs_up(link, invitation, actor, acme):
    client, by = Client(), actor(Role.ADMIN)
    client.get(link)
    with tenant_scope(acme.pk):
        revoke_invitation(invitation, by=by)

    client.post("/accounts/signup/", {"name": "Bob", "email": BOB, "password1": PASSWORD})

    assert not EmailAddress.objects.filter(verified=True).exists()


def test_another_user_is_told_what_to_do_and_may_switch(link, proven):
    client = signed_in(proven("eve@globex.example"))

    page = client.get(link, follow=True).text
    switched = client.post("/invitation/switch/")

    assert "You are signed in as eve@globex.example, and this invitation is for bob@acme.example" in page
    assert switched.url == "/accounts/login/?next=/invitation/"
    assert "_auth_user_id" not in client.session
    assert "You are invited to acme" in client.get("/invitation/").text


def test_who_has_not_confirmed_the_address_can_ask_for_the_link(link, new_user):
    page = signed_in(new_user(BOB)).get(link, follow=True).text

    assert ("Send me the link" in page, "Accept the invitation" in page) == (True, False)


def test_the_link_that_confirms_the_address_leads_back_to_the_invitation(link, new_user, mailoutbox, acme):
    client = signed_in(new_user(BOB))
    client.get(link)

    asked = client.post("/invitation/prove/", follow=True)
    confirming = re.search(r"/accounts/confirm-email/[^/]+/", mailoutbox[-1].body)[0]
    back = client.post(confirming, follow=True)
    client.post("/invitation/accept/")

    assert (asked.redirect_chain[-1][0], mailoutbox[-1].to) == ("/invitation/", [BOB])
    assert f"A link is on its way to {BOB}" in asked.text
    assert (back.redirect_chain[-1][0], "Accept the invitation" in back.text) == ("/invitation/", True)
    assert roles_of(BOB, acme) == [["reader"]]


def test_asking_for_the_link_again_and_again_sends_one(link, new_user, mailoutbox):
    client = signed_in(new_user(BOB))
    client.get(link)
    client.post("/invitation/prove/")

    again = client.post("/invitation/prove/", follow=True)

    assert "a moment ago" in again.text
    assert [letter.to for letter in mailoutbox if "confirm-email" in letter.body] == [[BOB]]


@pytest.mark.parametrize("email", [BOB, "eve@globex.example"])
def test_nobody_is_sent_a_link_that_needs_none(link, proven, mailoutbox, email):
    client = signed_in(proven(email))
    client.get(link)
    before = len(mailoutbox)

    answer = client.post("/invitation/prove/")

    assert (answer.url, len(mailoutbox)) == ("/invitation/", before)


def test_a_used_link_says_so_and_opens_nothing(link, proven):
    client = signed_in(proven(BOB))
    client.get(link)
    client.post("/invitation/accept/")

    again = signed_in(proven("eve@globex.example")).get(link, follow=True).text

    assert "This invitation was accepted" in again


@pytest.mark.parametrize("secret", ["x", "A" * 43, "0" * 64])
def test_a_guess_is_told_nothing(db, secret):
    page = Client().get(f"/invitation/{secret}/", follow=True)

    assert (page.status_code, "This link is not in force" in page.text) == (200, True)


def test_accepting_takes_a_form_of_ours(link, proven, acme):
    client = Client(enforce_csrf_checks=True)
    client.force_login(proven(BOB))
    client.get(link)

    assert (
        client.get("/invitation/accept/").status_code,
        client.post("/invitation/accept/").status_code,
    ) == (
        405,
        403,
    )
    assert roles_of(BOB, acme) == []


def test_a_page_that_invites_talks_to_no_mail_server(browser, settings, deliver):
    with MailServer() as mail:
        settings.MAILERS = {"default": mail.mailer()}
        answer = browser(Role.ADMIN).post(PAGE + "send/", {"email": BOB, "roles": ["reader"]}, follow=True)
        by_the_page = mail.visits
        deliver()

    assert (by_the_page, mail.visits, "not yet" in answer.text) == (0, 1, True)
