"""Invitations, and what somebody might try with the link of one."""

import logging
from datetime import timedelta

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.invitations import (
    MOST_A_DAY,
    MOST_LETTERS,
    accept_invitation,
    find_invitation,
    invite_member,
    open_link,
    resend_invitation,
    revoke_invitation,
)
from tenants.letters import NO_ANSWER, with_problems
from tenants.models import Invitation, Letter, Membership
from tenants.policy import Role
from tenants.scope import enter_tenant, tenant_scope
from tenants.services import members as services
from tenants.tokens import digest_of

BOB = "bob@acme.example"


@pytest.fixture
def invited(in_acme, actor, posted):
    """An invitation of bob, and the secret of its link."""
    secret = posted(invite_member, BOB, ["reader", "developer"], by=actor(Role.ADMIN))
    return Invitation.objects.get(), secret


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def age(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_an_invitation_is_written_to_the_address_and_kept_without_its_secret(invited, mailoutbox, in_acme):
    invitation, secret = invited

    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([BOB], "You are invited to acme")
    assert "admin@acme.example invites you" in letter.body
    assert (invitation.digest, invitation.roles) == (digest_of(secret), ["developer", "reader"])
    assert (invitation.state, invitation.sent_at is not None) == ("pending", True)


def test_it_ends_after_seven_days(invited):
    invitation, _ = invited

    life = invitation.expires_at - invitation.created_at
    assert round(life.total_seconds()) == 7 * 24 * 3600


def test_the_secret_is_in_the_letter_and_nowhere_else(invited, in_acme, caplog, proven):
    invitation, secret = invited

    with caplog.at_level(logging.DEBUG):
        accept_invitation(open_link(secret), by=proven(BOB))

    enter_tenant(in_acme.pk)
    lines = "".join(audit.export(audit.find(in_acme), in_acme))
    rows = str([*Invitation.objects.values(), *Letter.objects.values()])
    assert [secret in text for text in (caplog.text, lines, rows)] == [False] * 3
    assert invitation.digest not in lines


def test_who_owns_the_address_becomes_a_member_with_all_the_roles(invited, in_acme, proven):
    _, secret = invited
    bob = proven(BOB)

    member = accept_invitation(open_link(secret), by=bob)

    enter_tenant(in_acme.pk)
    assert (member.user, member.roles) == (bob, ["developer", "reader"])
    assert Invitation.objects.get().accepted_by == bob
    assert actions(in_acme)[1:] == ["invitation.sent", "invitation.accepted", "member.added"]
    assert audit.find(in_acme).latest("sequence").actor == BOB


def test_a_link_works_once(invited, in_acme, proven):
    digest = open_link(invited[1])
    bob = proven(BOB)
    accept_invitation(digest, by=bob)
    enter_tenant(in_acme.pk)
    services.remove_member(Membership.objects.get(user=bob), by=admin_of(in_acme))

    with pytest.raises(Refused, match="not in force"):
        accept_invitation(digest, by=bob)

    enter_tenant(in_acme.pk)
    assert not Membership.objects.filter(user=bob).exists()


def test_somebody_else_with_the_link_is_refused(invited, in_acme, proven):
    with pytest.raises(Refused, match="This invitation is for bob@acme"):
        accept_invitation(open_link(invited[1]), by=proven("eve@globex.example"))

    enter_tenant(in_acme.pk)
    assert (Invitation.objects.get().state, Membership.objects.count()) == ("pending", 1)


def test_the_right_address_that_was_never_confirmed_is_refused(invited, in_acme, new_user):
    with pytest.raises(Refused, match="Confirm that the address is yours"):
        accept_invitation(open_link(invited[1]), by=new_user(BOB))

    enter_tenant(in_acme.pk)
    assert Membership.objects.count() == 1


def test_a_link_that_has_ended_is_refused_and_the_visit_is_recorded_once(invited, in_acme, proven):
    invitation, secret = invited
    age(invitation)

    with pytest.raises(Refused, match="not in force"):
        accept_invitation(open_link(secret), by=proven(BOB))
    open_link(secret)

    enter_tenant(in_acme.pk)
    assert actions(in_acme)[1:] == ["invitation.sent", "invitation.expired"]
    assert Invitation.objects.get().late_at is not None


def test_a_revoked_link_is_refused_and_revoking_twice_is_no_error(invited, in_acme, actor, proven):
    invitation, secret = invited

    revoke_invitation(invitation, by=actor(Role.ADMIN))
    revoke_invitation(invitation, by=actor(Role.ADMIN))

    with pytest.raises(Refused, match="not in force"):
        accept_invitation(open_link(secret), by=proven(BOB))
    enter_tenant(in_acme.pk)
    assert actions(in_acme)[1:] == ["invitation.sent", "invitation.revoked"]


def test_sending_again_makes_a_new_link_and_kills_the_old_one(invited, in_acme, actor, posted, proven):
    invitation, old = invited
    age(invitation)

    new = posted(resend_invitation, invitation, by=actor(Role.ADMIN))

    assert find_invitation(digest_of(old)) is None
    accept_invitation(digest_of(new), by=proven(BOB))
    enter_tenant(in_acme.pk)
    event = audit.find(in_acme, action="invitation.sent_again").get()
    assert event.detail == {"email": BOB, "before": "expired"}


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "' OR 1=1 --", "\0", "é" * 10])
def test_a_guess_opens_nothing(invited, proven, secret):
    digest = open_link(secret)

    assert find_invitation(digest) is None
    with pytest.raises(Refused, match="not in force"):
        accept_invitation(digest, by=proven(BOB))


def test_the_digest_from_a_stolen_table_is_no_link(invited):
    assert find_invitation(open_link(invited[0].digest)) is None


def test_a_member_is_not_invited(in_acme, actor):
    with pytest.raises(Refused, match="is a member already"):
        invite_member(" Admin@ACME.example ", ["reader"], by=actor(Role.ADMIN))

    assert not Invitation.objects.exists()


def test_an_address_is_invited_once_at_a_time(invited, actor):
    with pytest.raises(Refused, match="is invited already"):
        invite_member(BOB.upper(), ["admin"], by=actor(Role.ADMIN))


def test_whether_somebody_has_signed_up_makes_no_difference(in_acme, actor, new_user, mailoutbox, posted):
    new_user("known@other.example")

    secrets = [
        posted(invite_member, address, ["reader"], by=actor(Role.ADMIN))
        for address in ("known@other.example", "never@other.example")
    ]

    known, unknown = [
        letter.body.replace(secret, "") for letter, secret in zip(mailoutbox, secrets, strict=True)
    ]
    assert known == unknown.replace("never@", "known@")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bob",
        "bob@acme.example\nBcc: all@globex.example",
        "bob@acme.example\r\n\r\nDear customer",
        "bob@acme.example, eve@globex.example",
        "bob@" + "a" * 260 + ".example",
        "bob\0@acme.example",
    ],
)
def test_what_is_no_address_is_not_written_to(in_acme, actor, mailoutbox, address):
    with pytest.raises(ValidationError) as refusal:
        invite_member(address, ["reader"], by=actor(Role.ADMIN))

    assert (list(refusal.value.message_dict), mailoutbox) == (["email"], [])


def test_names_that_people_choose_are_no_part_of_the_letter(in_acme, actor, posted, mailoutbox):
    by = actor(Role.ADMIN)
    by.membership.user.name = by.tenant.title = "Prize\nBcc: all@globex.example http://evil.example"
    by.membership.user.save()
    by.tenant.save()

    posted(invite_member, BOB, ["reader"], by=by)

    told = mailoutbox[-1].message().as_string()
    assert [word in told for word in ("Prize", "evil", "Bcc")] == [False] * 3


def test_a_letter_in_the_name_of_a_token_does_not_repeat_its_name(in_acme, posted, mailoutbox, token_of):
    token, _ = token_of(Role.ADMIN, name="Prize http://evil.example")

    posted(invite_member, BOB, ["reader"], by=Actor.of_token(token))

    assert mailoutbox[-1].body.startswith("An admin of acme invites you to the tenant acme\nof")


def test_strangers_are_not_pestered_through_us(in_acme, actor):
    by = actor(Role.ADMIN)
    for number in range(MOST_A_DAY):
        revoke_invitation(invite_member(f"bob{number}@acme.example", ["reader"], by=by), by=by)

    with pytest.raises(Refused, match="Invite the next one tomorrow"):
        invite_member(BOB, ["reader"], by=by)


def test_one_address_gets_a_few_letters_at_most(invited, actor, mailoutbox, posted):
    for _ in range(MOST_LETTERS - 1):
        posted(resend_invitation, invited[0], by=actor(Role.ADMIN))

    with pytest.raises(Refused, match="in another way"):
        resend_invitation(invited[0], by=actor(Role.ADMIN))

    assert len(mailoutbox) == MOST_LETTERS


def test_a_letter_that_the_mail_server_refuses_is_shown_as_not_sent(
    in_acme, actor, posted, monkeypatch, caplog
):
    monkeypatch.setattr(EmailMessage, "send", _refuse)

    with pytest.raises(IndexError):  # no letter to read
        posted(invite_member, BOB, ["reader"], by=actor(Role.ADMIN))

    (invitation,) = with_problems(Invitation.objects.all())
    assert (invitation.sent_at, invitation.mail_problem) == (None, NO_ANSWER)
    assert "could not be sent" in caplog.text
    assert "/invitation/" not in caplog.text


def _refuse(letter: EmailMessage) -> None:
    raise ConnectionRefusedError("The mail server is down.")


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_an_admin_invites(invited, in_acme, actor, role):
    by = actor(role)

    for deed in (
        lambda: invite_member("eve@acme.example", ["reader"], by=by),
        lambda: resend_invitation(invited[0], by=by),
        lambda: revoke_invitation(invited[0], by=by),
    ):
        with pytest.raises(Forbidden):
            deed()

    assert actions(in_acme)[1:] == ["invitation.sent"]


def test_what_is_over_is_not_sent_again(invited, actor, proven):
    invitation, secret = invited
    accept_invitation(open_link(secret), by=proven(BOB))
    by = actor(Role.ADMIN)
    enter_tenant(invitation.tenant_id)

    with pytest.raises(Refused, match="has accepted"):
        resend_invitation(invitation, by=by)
    with pytest.raises(Refused, match="has accepted"):
        revoke_invitation(invitation, by=by)


def test_a_link_shows_its_invitation_and_nothing_else(invited, globex, posted, actor):
    with tenant_scope(globex.pk):
        posted(invite_member, BOB, ["admin"], by=actor(Role.ADMIN, globex))

    found = find_invitation(digest_of(invited[1]))

    # Also as seen by the database: the link opens no other row, of whichever tenant.
    assert (list(Invitation.objects.all()), found.tenant.name) == ([found], "acme")
    assert (Membership.objects.count(), audit.AuditEvent.objects.count()) == (0, 0)


def test_a_link_of_one_tenant_leads_into_that_one_only(invited, globex, proven):
    member = accept_invitation(open_link(invited[1]), by=proven(BOB))

    with tenant_scope(globex.pk):
        assert Membership.objects.count() == 1
    assert member.tenant.name == "acme"


def test_the_database_itself_refuses_two_open_invitations_of_one_address(invited):
    invitation, _ = invited
    twin = Invitation(
        tenant=invitation.tenant,
        email=BOB,
        roles=["admin"],
        digest="0" * 64,
        expires_at=invitation.expires_at,
    )

    with pytest.raises(IntegrityError, match="invitation_open_once"), transaction.atomic():
        twin.save()


@pytest.mark.django_db(transaction=True)
def test_the_application_cannot_write_an_invitation_into_another_tenant(acme, globex, as_app):
    as_app.execute("SELECT set_config('app.tenant', %s, false)", [str(acme.pk)])

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        as_app.execute(
            "INSERT INTO tenants_invitation"
            " (id, tenant_id, email, roles, digest, letters, created_at, expires_at)"
            " VALUES (gen_random_uuid(), %s, 'eve@globex.example', '{admin}', 'x', 1, now(), now())",
            [globex.pk],
        )


def admin_of(tenant) -> Actor:
    admins = Membership.objects.filter(tenant=tenant, roles__contains=["admin"])
    return Actor.of_member(admins.select_related("tenant", "user").earliest("joined_at"))
