import re
from urllib.parse import quote

import pytest
from django.test import Client

from tenants.models import SignOn, SignOnIdentity, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.signing_in import TOO_LONG, give_totp, sign_in
from tests.tenants.signon.providers import SECRET, Browser, know, somewhere

PAGE = "/t/acme/sign-on/"
GIVEN = {"issuer": "https://login.example.com", "client_id": "portal", "client_secret": "hush"}


@pytest.fixture
def admin(actor) -> Browser:
    return Browser(sign_in(Client(REMOTE_ADDR=somewhere()), actor(Role.ADMIN).membership.user))


def kept(tenant: Tenant) -> SignOn | None:
    with tenant_scope(tenant.pk):
        return SignOn.objects.select_related("tenant").first()


def test_the_page_begins_with_how_to_begin(admin):
    answer = admin.client.get(PAGE)

    assert "No single sign-on yet" in answer.text
    assert f'href="{PAGE}configure/"' in answer.text


def test_an_admin_sets_it_up(admin, acme):
    answer = admin.client.post(PAGE + "configure/", GIVEN, follow=True)

    assert "Try the sign-on now." in answer.text
    assert "not tried yet" in answer.text
    assert "/sign-on/acme/callback/" in answer.text
    assert kept(acme).issuer == "https://login.example.com"


def test_the_secret_is_never_shown_again(admin, acme):
    admin.client.post(PAGE + "configure/", {**GIVEN, "client_secret": "seen-by-nobody"})

    for page in (PAGE, PAGE + "configure/"):
        assert "seen-by-nobody" not in admin.client.get(page).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "http://login.example.com"}, "must begin with https://"),
        ({"issuer": "https://[::1"}, "This is no address."),
        ({"client_secret": ""}, "or say that there is none"),
        ({"is_public": "on"}, "or say that there is none"),
        ({"client_id": ""}, "This field is required."),
    ],
)
def test_wrong_settings_are_told_beside_the_field_and_not_kept(admin, acme, changes, said):
    answer = admin.client.post(PAGE + "configure/", {**GIVEN, **changes})

    assert (answer.status_code, kept(acme)) == (200, None)
    assert said in answer.text


def test_settings_are_changed_and_the_secret_stays(admin, acme):
    admin.client.post(PAGE + "configure/", GIVEN)
    before = kept(acme).sealed_secret

    admin.client.post(PAGE + "configure/", {**GIVEN, "client_secret": "", "trusts_factor": "on"})

    after = kept(acme)
    assert (after.sealed_secret, after.tenant.trusts_sign_on_factor) == (before, True)


def test_a_client_without_a_secret_is_given_one(admin, acme):
    admin.client.post(PAGE + "configure/", {**GIVEN, "client_secret": "", "is_public": "on"})

    missing = admin.client.post(PAGE + "configure/", {**GIVEN, "client_secret": ""})
    assert "or say that there is none" in missing.text
    admin.client.post(PAGE + "configure/", GIVEN)

    assert kept(acme).has_secret


def try_it(admin: Browser, provider, subject: str):
    admin.client.post(PAGE + "try/")
    return admin.sign_on(provider, subject)


def test_trying_it_puts_it_in_force_and_leaves_the_session_as_it_is(admin, provider, set_up, actor, acme):
    set_up(provider, in_force=False)
    before = admin.client.session.session_key

    answer = try_it(admin, provider, know(provider, actor(Role.ADMIN)))

    assert answer.url == PAGE
    assert "in force" in admin.client.get(PAGE).text
    assert admin.client.session.session_key == before
    assert "signed_on_for" not in admin.client.session
    assert kept(acme).tenant.sign_on_since is not None


def test_coming_back_as_somebody_else_puts_nothing_in_force(admin, provider, set_up, actor, acme):
    set_up(provider, in_force=False)

    answer = try_it(admin, provider, know(provider, actor(Role.READER)))

    assert (answer.status_code, kept(acme).tenant.sign_on_since) == (403, None)
    assert "You came back as reader@acme.example" in answer.text
    assert "You came back as reader@acme.example" in admin.client.get(PAGE).text


def test_somebody_who_is_no_admin_any_more_puts_nothing_in_force(admin, provider, set_up, actor, acme):
    set_up(provider, in_force=False)
    admin.client.post(PAGE + "try/")
    place = admin.begin()
    with tenant_scope(acme.pk):
        acme.memberships.filter(pk=actor(Role.ADMIN).membership.pk).update(roles=["reader"])

    answer = admin.come_back(admin.choose(place, provider, know(provider, "admin@acme.example")))

    assert (answer.status_code, kept(acme).tenant.sign_on_since) == (403, None)


def test_being_led_to_the_page_tries_nothing(admin, provider, set_up, actor, acme):
    set_up(provider, in_force=False)

    question = admin.client.get(PAGE + "try/")

    assert "Try the sign-on with 127.0.0.1?" in question.text
    assert admin.client.get("/sign-on/acme/start/").status_code == 404


def test_nobody_signs_in_by_what_was_not_tried(provider, set_up, visitor, actor):
    set_up(provider, in_force=False)

    assert visitor.client.get("/sign-on/acme/").status_code == 404
    assert visitor.client.get("/sign-on/acme/start/").status_code == 404


def test_a_provider_that_does_not_answer_is_told_to_the_admin(admin, provider, set_up, acme):
    set_up(provider, in_force=False)
    provider.configured = {"issuer": "https://other.example.com"}

    admin.client.post(PAGE + "try/")
    answer = admin.client.get("/sign-on/acme/start/")

    assert "calls itself https://other.example.com" in answer.text
    assert "calls itself https://other.example.com" in admin.client.get(PAGE).text


def test_requiring_it_is_asked_first_and_done_by_the_answer(admin, provider, set_up, actor, acme):
    set_up(provider, in_force=False)
    user = actor(Role.ADMIN).membership.user
    try_it(admin, provider, know(provider, actor(Role.ADMIN)))
    give_totp(user)
    sign_in(admin.client, user, factor="totp")

    question = admin.client.get(PAGE + "require/")
    assert not kept(acme).tenant.requires_sign_on
    admin.client.post(PAGE + "require/")

    assert "Require single sign-on of all members?" in question.text
    assert kept(acme).tenant.requires_sign_on


def test_it_is_removed_after_a_question(admin, provider, set_up, acme):
    set_up(provider)

    assert "Remove single sign-on?" in admin.client.get(PAGE + "remove/").text
    admin.client.post(PAGE + "remove/")

    assert kept(acme) is None


def test_a_member_is_untied_after_a_question(admin, provider, set_up, visitor, actor, acme):
    set_up(provider)
    visitor.sign_on(provider, know(provider, actor(Role.READER)))
    page = re.search(r'href="(/t/acme/sign-on/identities/[^"]+)"', admin.client.get(PAGE).text)[1]

    assert "Untie reader@acme.example?" in admin.client.get(page).text
    admin.client.post(page)

    with tenant_scope(acme.pk):
        assert not SignOnIdentity.objects.exists()


@pytest.mark.parametrize("page", ["configure/", "try/", "require/", "lift/", "end-sessions/", "remove/"])
def test_whoever_signed_in_a_while_ago_shows_again_who_they_are(actor, acme, provider, set_up, page):
    set_up(provider)
    stale = sign_in(Client(), actor(Role.ADMIN).membership.user, ago=TOO_LONG)

    answer = stale.get(PAGE + page)

    assert (answer.status_code, answer.url.split("?")[1]) == (302, f"next={quote(PAGE + page, safe='')}")


def test_a_session_by_the_provider_shows_it_there(provider, set_up, visitor, actor, acme):
    set_up(provider)
    subject = know(provider, actor(Role.ADMIN))
    provider.left_out = {"auth_time"}
    visitor.sign_on(provider, subject)
    provider.left_out = set()

    asked = visitor.client.get(PAGE + "end-sessions/")
    assert asked.url == "/sign-on/acme/?next=%2Ft%2Facme%2Fsign-on%2Fend-sessions%2F"
    assert "Confirm that it is you" in visitor.client.get(asked.url).text
    key = visitor.client.session.session_key
    back = visitor.sign_on(provider, subject, page=PAGE + "end-sessions/")

    assert (back.url, visitor.client.session.session_key) == (PAGE + "end-sessions/", key)
    assert visitor.client.get(back.url).status_code == 200


def test_somebody_else_cannot_show_it_for_them(provider, set_up, visitor, actor):
    set_up(provider)
    provider.left_out = {"auth_time"}
    visitor.sign_on(provider, know(provider, actor(Role.ADMIN)))
    provider.left_out = set()

    answer = visitor.sign_on(provider, know(provider, actor(Role.READER)))

    assert "You came back as somebody else" in answer.text
    assert visitor.client.get(PAGE + "end-sessions/").status_code == 302


# The pages of those who come.


def test_whoever_has_no_tenant_yet_is_asked_for_its_name(client, db):
    assert "Single sign-on" in client.get("/sign-on/").text
    assert client.get("/sign-on/", {"tenant": "acme"}).url == "/sign-on/acme/"


def test_where_somebody_wanted_to_go_goes_along(client, db):
    door = client.get("/accounts/login/", {"next": "/t/acme/hosts/?state=failed"})
    way = re.search(r'href="(/sign-on/[^"]*)"', door.text)[1]

    page = client.get(way)
    answer = client.get("/sign-on/", {"tenant": "acme", "next": "/t/acme/hosts/?state=failed"})

    assert 'name="next" value="/t/acme/hosts/?state=failed"' in page.text
    assert answer.url == "/sign-on/acme/?next=%2Ft%2Facme%2Fhosts%2F%3Fstate%3Dfailed"


@pytest.mark.parametrize("name", ["-", "ACME", "a b", "x" * 32, "../x"])
def test_what_is_no_name_is_told_and_leads_nowhere(client, db, name):
    answer = client.get("/sign-on/", {"tenant": name})

    assert (answer.status_code, "aria-invalid" in answer.text) == (200, True)


def test_the_page_says_where_one_goes(provider, set_up, client):
    set_up(provider)

    answer = client.get("/sign-on/acme/", {"next": "/t/acme/hosts/"})

    assert "Go on to 127.0.0.1" in answer.text
    assert "/sign-on/acme/start/?next=%2Ft%2Facme%2Fhosts%2F" in answer.text


def test_a_tenant_without_one_looks_like_none(client, acme):
    none, without = client.get("/sign-on/nobody/"), client.get("/sign-on/acme/")

    assert (none.status_code, without.status_code) == (404, 404)
    assert plain(none.text) == plain(without.text.replace("acme", "nobody"))


def plain(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_neither_secret_nor_code_is_logged(provider, set_up, visitor, actor, caplog):
    set_up(provider)
    back = visitor.choose(visitor.begin(), provider, know(provider, actor(Role.READER)))

    with caplog.at_level("DEBUG"):
        visitor.come_back(back)

    code = re.search("code=([^&]+)", back)[1]
    assert [text in caplog.text for text in (code, SECRET)] == [False, False]


def test_starting_again_and_again_is_slowed_down(provider, set_up, visitor):
    set_up(provider)

    answers = [visitor.client.get("/sign-on/acme/start/").status_code for _ in range(61)]

    assert (answers[0], answers[-1]) == (302, 429)


def test_a_browser_keeps_a_few_attempts_only(provider, set_up, visitor):
    set_up(provider)

    for _ in range(7):
        visitor.begin()

    assert len(visitor.client.session["sign_on_attempts"]) == 5
