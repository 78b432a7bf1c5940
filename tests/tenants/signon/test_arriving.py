"""Who comes in by a tenant's provider, and what it must not achieve with the address of somebody else."""

import time

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from tenants import audit
from tenants.gate import may_still
from tenants.invitations import invite_member, revoke_invitation
from tenants.models import Invitation, Membership, SignOn, SignOnIdentity, Tenant, User
from tenants.policy import Permission, Role
from tenants.scope import tenant_scope
from tenants.services.members import remove_member
from tenants.signon.settings import end_sessions, remove_sign_on, untie
from tests.signing_in import give_totp, sign_in
from tests.tenants.signon.providers import Browser, know, somewhere

BOB = "bob@acme.example"
HOME = "/t/acme/"


@pytest.fixture
def ada(actor):
    return actor(Role.READER)


@pytest.fixture
def in_force(provider, set_up, ada) -> SignOn:
    return set_up(provider)


def of(tenant: Tenant, model) -> list:
    with tenant_scope(tenant.pk):
        return list(model.objects.all())


def another() -> Browser:
    return Browser(Client(REMOTE_ADDR=somewhere()))


def change(tenant: Tenant, **facts) -> None:
    with tenant_scope(tenant.pk):
        Tenant.objects.filter(pk=tenant.pk).update(**facts)


def actions(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def problem(tenant: Tenant) -> str:
    return of(tenant, SignOn)[0].problem


def signed_in(browser: Browser) -> bool:
    return "_auth_user_id" in browser.client.session


def test_a_member_comes_in_as_themselves(in_force, provider, visitor, ada, acme):
    subject = know(provider, ada)

    answer = visitor.sign_on(provider, subject)

    assert (answer.status_code, answer.url) == (302, HOME)
    assert visitor.client.session["_auth_user_id"] == str(ada.membership.user.pk)
    assert visitor.client.get(HOME).status_code == 200
    (tie,) = of(acme, SignOnIdentity)
    assert (tie.membership_id, tie.subject) == (ada.membership.pk, subject)
    assert actions(acme)[-1] == "member.signed_on"


def test_the_first_time_is_recorded_and_later_ones_are_not(in_force, provider, visitor, ada, acme):
    subject = know(provider, ada)

    for _ in range(2):
        visitor.sign_on(provider, subject)

    assert actions(acme).count("member.signed_on") == 1


def test_they_come_back_to_where_they_wanted_to_go(in_force, provider, visitor, ada):
    assert visitor.sign_on(provider, know(provider, ada), page="/t/acme/members/").url == "/t/acme/members/"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/\\evil.example", "x:y"])
def test_nobody_is_sent_to_a_page_that_is_not_ours(in_force, provider, visitor, ada, page):
    assert visitor.sign_on(provider, know(provider, ada), page=page).url == HOME


def test_a_member_stays_who_they_are_when_their_address_at_the_provider_changes(
    in_force, provider, visitor, ada
):
    subject = know(provider, ada)
    visitor.sign_on(provider, subject)
    provider.claimed = {"email": "admin@acme.example"}

    visitor.sign_on(provider, subject)

    assert visitor.client.session["_auth_user_id"] == str(ada.membership.user.pk)


def test_somebody_new_with_the_address_of_a_tied_member_is_not_that_member(
    in_force, provider, visitor, ada, acme
):
    visitor.sign_on(provider, know(provider, ada))
    heir = another()
    provider.claimed = {"sub": "somebody-new"}

    answer = heir.sign_on(provider, know(provider, ada))

    assert (answer.status_code, signed_in(heir)) == (403, False)
    assert "is somebody else at the provider" in problem(acme)


def test_untied_they_are_tied_to_whoever_comes_next(in_force, provider, visitor, ada, actor, acme):
    visitor.sign_on(provider, know(provider, ada))
    with tenant_scope(acme.pk):
        untie(SignOnIdentity.objects.get(), by=actor(Role.ADMIN))
    provider.claimed = {"sub": "made-anew"}

    visitor.sign_on(provider, know(provider, ada))

    assert [tie.subject for tie in of(acme, SignOnIdentity)] == ["made-anew"]
    assert actions(acme)[-2:] == ["member.sign_on_untied", "member.signed_on"]


def test_a_stranger_is_turned_away_and_nothing_is_made_of_them(in_force, provider, visitor, acme):
    users = User.objects.count()

    answer = visitor.sign_on(provider, know(provider, "eve@elsewhere.example"))

    assert answer.status_code == 403
    assert "Ask an admin of acme to invite you" in answer.text
    assert (signed_in(visitor), User.objects.count()) == (False, users)
    assert problem(acme).startswith("eve@elsewhere.example is no member.")


@pytest.mark.parametrize(
    ("claims", "missing"),
    [
        ({"email_verified": False}, set()),
        ({"email_verified": "yes"}, set()),
        ({}, {"email_verified"}),
        ({}, {"email"}),
        ({"email": ["a@b"]}, set()),
    ],
    ids=str,
)
def test_an_address_that_nobody_vouches_for_opens_nothing(
    in_force, provider, visitor, ada, acme, claims, missing
):
    provider.claimed, provider.left_out = claims, missing

    answer = visitor.sign_on(provider, know(provider, ada))

    assert (answer.status_code, signed_in(visitor), of(acme, SignOnIdentity)) == (403, False, [])


@pytest.mark.parametrize(("said", "comes_in"), [(None, True), (False, False)])
def test_an_admin_may_take_addresses_that_are_not_called_verified_but_never_unverified_ones(
    provider, set_up, visitor, ada, said, comes_in
):
    set_up(provider, trusts_email=True)
    provider.claimed = {"email_verified": said}

    visitor.sign_on(provider, know(provider, ada))

    assert signed_in(visitor) is comes_in


# What another tenant's provider can do with the address of a victim: nothing.


@pytest.fixture
def evil(new_provider, set_up, globex):
    """The provider of globex, whose admin means ill."""
    provider = new_provider("globex")
    set_up(provider, globex)
    return provider


def test_another_tenants_provider_does_not_make_anybody_a_member_of_acme(in_force, evil, visitor, ada, acme):
    victim = know(evil, ada)

    answer = visitor.sign_on(evil, victim, tenant="globex")

    assert (answer.status_code, signed_in(visitor)) == (403, False)
    assert of(acme, SignOnIdentity) == []


def test_a_victim_who_is_a_member_of_both_is_let_into_the_evil_one_alone(
    in_force, evil, visitor, ada, globex, actor
):
    with tenant_scope(globex.pk):
        Membership.objects.create(tenant=globex, user=ada.membership.user, roles=["reader"])

    visitor.sign_on(evil, know(evil, ada), tenant="globex")

    assert visitor.client.get("/t/globex/").status_code == 200
    assert visitor.client.get(HOME).status_code == 404
    assert visitor.client.get("/api/v1/tenants/acme/").status_code == 404
    listed = visitor.client.get("/api/v1/tenants/").json()["results"]
    assert [one["name"] for one in listed] == ["globex"]
    assert visitor.client.get("/").url == "/t/globex/"


def test_such_a_session_makes_no_tenant(in_force, provider, visitor, ada):
    visitor.sign_on(provider, know(provider, ada))
    before = Tenant.objects.count()

    page = visitor.client.post("/tenants/create/", {"name": "mine"})
    api = visitor.client.post("/api/v1/tenants/", {"name": "mine"}, "application/json")

    assert (page.status_code, api.status_code, Tenant.objects.count()) == (403, 403, before)


def test_such_a_session_accepts_no_invitation_of_another_tenant(
    letter, evil, visitor, globex, acme, proven, actor
):
    bob = proven(BOB)
    with tenant_scope(globex.pk):
        Membership.objects.create(tenant=globex, user=bob, roles=["reader"])
    visitor.sign_on(evil, know(evil, BOB), tenant="globex")
    visitor.client.get(letter)

    assert visitor.client.post("/invitation/accept/").status_code == 403
    assert of(acme, Invitation)[0].state == "pending"


def test_an_invitation_and_the_providers_word_are_not_enough_without_the_letter(
    evil, visitor, ada, globex, actor
):
    with tenant_scope(globex.pk):
        invite_member(ada.membership.user.email, ["reader"], by=actor(Role.ADMIN, globex))

    answer = visitor.sign_on(evil, know(evil, ada), tenant="globex")

    assert (answer.status_code, signed_in(visitor)) == (403, False)
    assert "Open the link in the letter first" in answer.text
    assert len(of(globex, Membership)) == 1


@pytest.fixture
def letter(acme, actor, posted, in_force) -> str:
    """The link in bob's letter."""
    with tenant_scope(acme.pk):
        return f"/invitation/{posted(invite_member, BOB, ['developer'], by=actor(Role.ADMIN))}/"


def test_the_letter_leads_to_the_provider(letter, visitor):
    page = visitor.client.get(letter, follow=True)

    assert 'href="/sign-on/acme/"' in page.text


def test_who_opened_the_letter_joins_by_signing_on(letter, provider, visitor, acme):
    visitor.client.get(letter)

    answer = visitor.sign_on(provider, know(provider, BOB))

    assert (answer.url, signed_in(visitor)) == (HOME, True)
    bob = User.objects.get(email=BOB)
    assert (bob.name, bob.has_usable_password()) == ("Somebody", False)
    assert EmailAddress.objects.get(user=bob).verified
    assert of(acme, Invitation)[0].accepted_by_id == bob.pk
    assert actions(acme)[-3:] == ["invitation.accepted", "member.added", "member.signed_on"]


def test_somebody_elses_letter_is_no_use(letter, provider, visitor, acme):
    visitor.client.get(letter)

    answer = visitor.sign_on(provider, know(provider, "eve@elsewhere.example"))

    assert (answer.status_code, signed_in(visitor), of(acme, Invitation)[0].state) == (403, False, "pending")


def test_the_letter_of_another_tenant_is_no_use(letter, evil, visitor, globex):
    visitor.client.get(letter)

    answer = visitor.sign_on(evil, know(evil, BOB), tenant="globex")

    assert (answer.status_code, len(of(globex, Membership))) == (403, 1)


def test_a_revoked_letter_is_no_use(letter, provider, visitor, acme, actor):
    visitor.client.get(letter)
    with tenant_scope(acme.pk):
        revoke_invitation(Invitation.objects.get(), by=actor(Role.ADMIN))

    assert visitor.sign_on(provider, know(provider, BOB)).status_code == 403
    assert not User.objects.filter(email=BOB).exists()


def test_an_account_that_somebody_made_in_advance_with_the_address_is_not_taken(
    letter, provider, visitor, new_user, acme
):
    squatter = new_user(BOB)
    squatter.set_password("waiting-for-bob")
    squatter.save()
    visitor.client.get(letter)

    answer = visitor.sign_on(provider, know(provider, BOB))

    assert (answer.status_code, signed_in(visitor)) == (403, False)
    assert "Confirm that the address is yours" in answer.text
    assert of(acme, Invitation)[0].state == "pending"


# State, browser and provider belong together.


def test_a_code_that_was_used_is_refused(in_force, provider, visitor, ada):
    back = visitor.choose(visitor.begin(), provider, know(provider, ada))
    visitor.come_back(back)
    visitor.client.logout()

    assert (visitor.come_back(back).status_code, signed_in(visitor)) == (400, False)
    assert len(provider.redeemed) == 1


def test_an_attempt_is_over_with_its_first_answer_whatever_came_of_it(in_force, provider, visitor):
    back = visitor.choose(visitor.begin(), provider, know(provider, "eve@elsewhere.example"))

    answers = [visitor.come_back(back).status_code for _ in range(2)]

    assert (answers, len(provider.redeemed)) == ([403, 400], 1)


def test_an_answer_in_another_browser_than_the_one_that_asked_is_refused(in_force, provider, visitor, ada):
    back = visitor.choose(visitor.begin(), provider, know(provider, ada))
    victim = another()
    victim.begin()

    assert (victim.come_back(back).status_code, signed_in(victim)) == (400, False)
    assert provider.redeemed == []


@pytest.mark.parametrize("state", ["", "guessed", "x" * 5000, "\0"])
def test_an_answer_to_a_question_that_was_not_asked_is_refused(in_force, provider, visitor, state):
    visitor.begin()

    answer = visitor.client.get("/sign-on/acme/callback/", {"state": state, "code": "c"})

    assert (answer.status_code, provider.redeemed) == (400, [])


def test_an_answer_that_comes_too_late_is_refused(in_force, provider, visitor, ada, monkeypatch):
    back = visitor.choose(visitor.begin(), provider, know(provider, ada))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)

    assert visitor.come_back(back).status_code == 400
    assert provider.redeemed == []


def test_two_providers_cannot_be_mixed_up(in_force, provider, evil, visitor, ada):
    """An evil provider sends a victim on to the good one, and hopes to be given the good one's code."""
    good_question = another().begin("acme")
    asked = visitor.begin("globex")
    state = asked.split("state=")[1].split("&")[0]
    forged = good_question.replace(good_question.split("state=")[1].split("&")[0], state)

    answer = visitor.come_back(visitor.choose(forged, provider, know(provider, ada)))

    assert (answer.status_code, signed_in(visitor)) == (400, False)
    assert (provider.redeemed, evil.redeemed) == ([], [])


def test_an_answer_that_was_steered_to_another_tenants_address_is_refused(
    in_force, provider, evil, visitor, ada
):
    back = visitor.choose(visitor.begin("acme"), provider, know(provider, ada))

    answer = visitor.come_back(back.replace("/sign-on/acme/", "/sign-on/globex/"))

    assert (answer.status_code, provider.redeemed, evil.redeemed) == (400, [], [])


def test_settings_that_change_on_the_way_end_the_attempt(
    in_force, provider, new_provider, set_up, visitor, ada
):
    back = visitor.choose(visitor.begin(), provider, know(provider, ada))
    set_up(new_provider("acme"))

    assert (visitor.come_back(back).status_code, signed_in(visitor)) == (403, False)
    assert provider.redeemed == []


def test_a_refusal_by_the_provider_is_told_by_its_code_alone(in_force, visitor):
    place = visitor.begin()
    state = place.split("state=")[1].split("&")[0]
    told = {"state": state, "error": "access_denied", "error_description": "call +1 555 evil"}

    answer = visitor.client.get("/sign-on/acme/callback/", told)

    assert "The provider refused: access_denied." in answer.text
    assert "call +1" not in answer.text


def test_what_calls_itself_an_error_is_not_repeated(in_force, visitor, acme):
    state = visitor.begin().split("state=")[1].split("&")[0]

    visitor.client.get("/sign-on/acme/callback/", {"state": state, "error": "Call +1 555 <b>now</b>"})

    assert problem(acme) == "The provider refused: it gave no reason."


# What the session is good for, and until when.


def test_a_removed_member_is_out_and_stays_out(in_force, provider, visitor, ada, acme, actor):
    subject = know(provider, ada)
    visitor.sign_on(provider, subject)
    with tenant_scope(acme.pk):
        remove_member(Membership.objects.get(pk=ada.membership.pk), by=actor(Role.ADMIN))

    assert visitor.client.get(HOME).status_code == 404
    assert visitor.sign_on(provider, subject).status_code == 403
    assert of(acme, SignOnIdentity) == []


def test_somebody_who_was_switched_off_stays_out(in_force, provider, visitor, ada):
    User.objects.filter(pk=ada.membership.user.pk).update(is_active=False)

    visitor.sign_on(provider, know(provider, ada))

    assert not signed_in(visitor)


def test_the_session_ends_after_twelve_hours(in_force, provider, visitor, ada):
    visitor.sign_on(provider, know(provider, ada))

    left = visitor.client.session.get_expiry_date() - timezone.now()
    assert round(left.total_seconds() / 60) == 12 * 60


@pytest.mark.parametrize("end", [end_sessions, remove_sign_on])
def test_sessions_end_when_an_admin_ends_them_or_the_sign_on(
    in_force, provider, visitor, ada, acme, actor, end
):
    visitor.sign_on(provider, know(provider, ada))
    with tenant_scope(acme.pk):
        end(by=actor(Role.ADMIN))

    page, api = visitor.client.get(HOME), visitor.client.get("/api/v1/tenants/acme/")

    assert (page.status_code, page.url) == (302, "/sign-on/acme/?next=%2Ft%2Facme%2F")
    assert (api.status_code, api.json()["type"].rpartition("/")[2]) == (403, "sign-on")


def test_what_was_open_when_the_sessions_ended_is_proven_to_be_over(
    in_force, provider, visitor, ada, acme, actor
):
    visitor.sign_on(provider, know(provider, ada))
    began = visitor.client.session["signed_on_at"]
    before = may_still(ada, Permission.OPERATION_VIEW, signed_on_at=began)
    with tenant_scope(acme.pk):
        end_sessions(by=actor(Role.ADMIN))

    assert (before, may_still(ada, Permission.OPERATION_VIEW, signed_on_at=began)) == (True, False)
    assert may_still(ada, Permission.OPERATION_VIEW)


def test_signing_in_by_oneself_afterwards_is_a_session_of_ones_own(
    in_force, provider, visitor, ada, globex, proven
):
    user = ada.membership.user
    user.set_password("correct-horse-battery")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    visitor.sign_on(provider, know(provider, ada))
    visitor.client.post("/accounts/logout/")

    visitor.client.post("/accounts/login/", {"login": user.email, "password": "correct-horse-battery"})

    assert signed_in(visitor)
    assert "signed_on_for" not in visitor.client.session


def test_signing_on_takes_nothing_over_from_the_session_before(in_force, provider, visitor, ada):
    sign_in(visitor.client, ada.membership.user, factor="totp")
    before = visitor.client.session.session_key
    provider.left_out = {"auth_time"}

    visitor.sign_on(provider, know(provider, ada))

    assert visitor.client.session.session_key != before
    assert "account_authentication_methods" not in visitor.client.session


def test_who_has_a_second_factor_is_asked_for_it(in_force, provider, visitor, ada):
    give_totp(ada.membership.user)

    answer = visitor.sign_on(provider, know(provider, ada))

    assert answer.url.startswith("/accounts/2fa/authenticate/")
    assert not signed_in(visitor)


def test_unless_the_tenant_takes_its_providers_word_for_one(provider, set_up, visitor, ada):
    set_up(provider, trusts_factor=True)
    give_totp(ada.membership.user)

    visitor.sign_on(provider, know(provider, ada))

    assert signed_in(visitor)


@pytest.mark.parametrize(("trusts", "status"), [(True, 200), (False, 302)])
def test_a_tenant_that_requires_a_second_factor_says_itself_whether_the_provider_counts(
    provider, set_up, visitor, ada, acme, trusts, status
):
    set_up(provider, trusts_factor=trusts)
    change(acme, requires_second_factor=True)

    visitor.sign_on(provider, know(provider, ada))

    assert visitor.client.get(HOME).status_code == status


# A tenant that requires it.


@pytest.fixture
def required(in_force, acme):
    change(acme, requires_sign_on=True)


def test_a_member_who_signed_in_otherwise_is_sent_to_the_provider(required, browser):
    client = browser(Role.READER)

    page, api = client.get("/t/acme/members/"), client.get("/api/v1/tenants/acme/")

    assert (page.status_code, page.url) == (302, "/sign-on/acme/?next=%2Ft%2Facme%2Fmembers%2F")
    assert (api.status_code, api.json()["type"].rpartition("/")[2]) == (403, "sign-on")


@pytest.mark.parametrize(
    ("role", "factor", "status"),
    [
        (Role.ADMIN, "totp", 200),
        (Role.ADMIN, "", 302),
        (Role.DEVELOPER, "totp", 302),
        (Role.READER, "webauthn", 302),
    ],
)
def test_only_admins_with_a_second_factor_keep_a_way_in_of_their_own(required, actor, role, factor, status):
    client = sign_in(Client(), actor(role).membership.user, factor=factor)

    assert client.get(HOME).status_code == status


def test_whoever_came_by_it_is_let_in(required, provider, visitor, ada):
    visitor.sign_on(provider, know(provider, ada))

    assert visitor.client.get(HOME).status_code == 200


def test_tokens_go_on_working(required, api):
    assert api(Role.READER).get("/api/v1/tenants/acme/").status_code == 200


def test_a_session_by_another_tenants_provider_does_not_count(required, evil, visitor, ada, globex):
    with tenant_scope(globex.pk):
        Membership.objects.create(tenant=globex, user=ada.membership.user, roles=["reader"])

    visitor.sign_on(evil, know(evil, ada), tenant="globex")

    assert visitor.client.get(HOME).status_code == 404
