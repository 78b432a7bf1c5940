"""What becomes of a letter that a mail server takes, refuses, or does not even hear of."""

import logging
from datetime import timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.utils import timezone

from tenants import letters, tasks
from tenants.invitations import invite_member, resend_invitation, revoke_invitation
from tenants.kinds import Kind
from tenants.letters import queue
from tenants.models import Letter, Membership
from tenants.notifications import clear, notify
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.members import remove_member
from tests.tenants.letters.mail_server import MailServer

ADMIN, BOB = "admin@acme.example", "bob@acme.example"
HELD = {"kind": Kind.ACCOUNT_DEGRADED, "source": "account:1"}
NOWHERE = {
    "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 2},
}


@pytest.fixture
def tell(in_acme):
    """Have one letter written, to acme's admin."""

    def make(title="It is degraded", **words) -> Letter:
        notify(tenant=in_acme, title=title, **{**HELD, **words})
        return Letter.objects.latest("made_at")

    return make


@pytest.fixture
def mail(settings, mailoutbox):
    """A mail server, and a portal that talks to it."""
    with MailServer() as server:
        settings.MAILERS = {"default": server.mailer()}
        yield server


def make_due() -> None:
    Letter.objects.exclude(due_at=None).update(due_at=timezone.now())


def test_a_letter_says_what_happened_where_to_look_and_why_one_gets_it(tell, mail, deliver, settings):
    letter = tell(detail="The role is gone.", link="/t/acme/accounts/")

    sent = deliver()

    (taken,) = mail.taken
    text = taken.get_payload()
    assert (sent, taken["To"], taken["Subject"]) == (1, ADMIN, "[acme] It is degraded")
    assert (taken["Message-ID"], taken["Auto-Submitted"]) == (
        f"<letter-{letter.pk}@127.0.0.1>",
        "auto-generated",
    )
    said = ("The role is gone.", settings.BASE_URL + "/t/acme/accounts/", "You get this as admin of acme.")
    assert [part in text for part in said] == [True] * 3
    assert Letter.objects.get().state == "sent"


def test_what_was_sent_is_not_sent_again(tell, mail, deliver):
    tell()

    assert [deliver(), deliver(), len(mail.taken)] == [1, 0, 1]


def test_the_end_of_a_condition_is_said_as_such(tell, mail, deliver, in_acme):
    tell(detail="The role is gone.")
    deliver()

    clear(HELD["kind"], tenant=in_acme, source=HELD["source"])
    deliver()

    assert mail.taken[1]["Subject"] == "[acme] over: It is degraded"
    assert mail.taken[1]["References"] == mail.taken[0]["References"]
    assert "This is over since" in mail.taken[1].get_payload()


def test_a_letter_tells_what_is_the_case_when_it_is_sent(tell, mail, deliver):
    tell("1 host failed")
    tell("2 hosts failed")

    deliver()

    assert [taken["Subject"] for taken in mail.taken] == ["[acme] 2 hosts failed"]


def test_while_the_mail_server_is_away_letters_wait_ever_longer_and_say_why(tell, settings, deliver):
    settings.MAILERS = {"default": NOWHERE}
    tell()
    pauses = []

    for _ in range(4):
        make_due()
        began = timezone.now()
        deliver()
        letter = Letter.objects.get()
        pauses.append(round((letter.due_at - began).total_seconds() / 30))

    assert (pauses, letter.state, letter.problem) == ([1, 2, 4, 8], "waiting", letters.NO_ANSWER)


def test_when_the_mail_server_is_back_nothing_was_lost(tell, mail, settings, deliver):
    back, settings.MAILERS = settings.MAILERS, {"default": NOWHERE}
    tell()
    tell(source="account:2")
    deliver()

    settings.MAILERS = back
    make_due()

    assert [deliver(), len(mail.taken)] == [2, 2]


def test_a_mail_server_that_is_away_is_asked_once_and_not_for_every_letter(tell, settings, deliver):
    settings.MAILERS = {"default": NOWHERE}
    for number in range(5):
        tell(source=f"account:{number}")

    deliver()

    tried = list(Letter.objects.values_list("attempts", flat=True))
    assert (sum(tried), set(Letter.objects.values_list("problem", flat=True))) == (1, {letters.NO_ANSWER})


def test_an_address_that_is_refused_for_good_is_not_tried_again(tell, mail, deliver):
    mail.answers[ADMIN] = "550 no such mailbox"
    tell()

    deliver()

    letter = Letter.objects.get()
    assert (letter.state, letter.problem) == ("dropped", "The mail server refuses the address (550).")


def test_an_address_that_is_put_off_waits_and_holds_nobody_else_up(tell, mail, deliver, actor, caplog):
    mail.answers[ADMIN] = "451 come back later"
    reader = actor(Role.READER)
    tell(people=[reader.id])

    with caplog.at_level(logging.DEBUG):
        deliver()

    waiting = Letter.objects.get(user__email=ADMIN)
    assert (waiting.state, waiting.problem) == ("waiting", "The mail server refuses the address (451).")
    assert [taken["To"] for taken in mail.taken] == ["reader@acme.example"]
    assert "@acme.example" not in caplog.text


def test_after_three_days_nobody_waits_any_more(tell, settings, deliver):
    settings.MAILERS = {"default": NOWHERE}
    tell()
    Letter.objects.update(made_at=timezone.now() - queue.PATIENCE)

    deliver()

    letter = Letter.objects.get()
    assert (letter.state, letter.problem) == ("dropped", f"{letters.NO_ANSWER} {queue.TOO_LATE}")


def test_an_error_of_ours_holds_no_other_letter_up(tell, mail, deliver, in_acme):
    tell(source="account:1")
    tell(source="account:2")
    Letter.objects.filter(notification__source="account:1").update(made_at=timezone.now())
    first = Letter.objects.order_by("due_at").first()
    type(first.notification).objects.filter(pk=first.notification_id).update(kind="no.such.kind")

    deliver()

    problems = sorted(Letter.objects.values_list("problem", flat=True))
    assert (problems, len(mail.taken)) == (["", letters.OUR_ERROR], 1)


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(tell, in_acme, deliver):
    tell()
    late = _claim()
    Letter.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    current = _claim()

    late.mark_sent()
    late.put_off("It seems to be away.")
    with pytest.raises(queue.LostLease):
        late.keep()

    letter = Letter.objects.get()
    assert (letter.fence, letter.sent_at, letter.problem) == (current.fence, None, "")


def _claim() -> queue.Claimed:
    claimed = queue.claim()
    assert claimed is not None
    return claimed


def test_a_letter_that_is_taken_over_while_it_is_written_does_not_leave(tell, mail, deliver, monkeypatch):
    tell()
    monkeypatch.setattr(queue.Claimed, "keep", _take_over)

    deliver()

    assert (mail.taken, Letter.objects.get().sent_at) == ([], None)


def _take_over(claimed) -> None:
    raise queue.LostLease("Letter was taken over.")


def test_who_was_removed_meanwhile_is_not_written_to(tell, mail, deliver, actor):
    gone = actor(Role.DEVELOPER)
    tell()
    remove_member(gone.membership, by=actor(Role.ADMIN))

    deliver()

    about = [taken["To"] for taken in mail.taken if "degraded" in taken["Subject"]]
    assert about == [ADMIN]


def test_who_lost_the_right_meanwhile_is_not_written_to(tell, mail, deliver, actor):
    admin = actor(Role.ADMIN)
    tell(kind=Kind.TOKEN_CREATED)
    Membership.objects.filter(pk=admin.membership.pk).update(roles=[Role.READER])

    deliver()

    letter = Letter.objects.get()
    assert (mail.taken, letter.problem) == ([], "Its reader may not see this any more.")


def test_only_the_newest_letter_of_an_invitation_is_sent(in_acme, mail, deliver, actor):
    invitation = invite_member(BOB, ["reader"], by=actor(Role.ADMIN))
    resend_invitation(invitation, by=actor(Role.ADMIN))

    deliver()

    assert [taken["To"] for taken in mail.taken] == [BOB]


def test_an_invitation_that_was_revoked_is_not_sent(in_acme, mail, deliver, actor):
    revoke_invitation(invite_member(BOB, ["reader"], by=actor(Role.ADMIN)), by=actor(Role.ADMIN))

    deliver()

    assert mail.taken == []


def test_an_invitation_made_under_an_older_key_is_not_sent_with_a_link_that_leads_nowhere(
    in_acme, mail, deliver, actor, settings
):
    invite_member(BOB, ["reader"], by=actor(Role.ADMIN))
    settings.SECRET_KEY = "another-" * 8

    deliver()

    assert mail.taken == []
    assert "Send it again." in Letter.objects.get(invitation__email=BOB).problem


def test_a_tenant_s_letter_is_not_seen_by_another(tell, globex):
    tell()

    with tenant_scope(globex.pk):
        assert not Letter.objects.exists()


def test_the_name_that_wakes_the_worker_is_that_of_a_task():
    assert tasks.post.name == letters.TASK


def test_every_beat_names_a_task_that_there_is(settings):
    for app in ("tenants", "enclaves"):
        import_module(f"{app}.tasks")

    beats = {beat["task"] for beat in settings.CELERY_BEAT_SCHEDULE.values()}
    assert sorted(beats - set(current_app.tasks)) == []
