"""A worker dies while it sends, and no letter is lost or a second one to its reader."""

import time
from datetime import timedelta

import pytest
from django.db.transaction import atomic
from django.utils import timezone

from tenants.kinds import Kind
from tenants.models import Letter
from tenants.notifications import notify
from tenants.scope import tenant_scope
from tests.tenants.letters import worker
from tests.tenants.letters.mail_server import PATIENCE, MailServer

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]


@pytest.fixture
def letter(acme) -> Letter:
    with atomic(), tenant_scope(acme.pk):
        notify(Kind.ACCOUNT_DEGRADED, tenant=acme, source="account:1", title="It is degraded")
        return Letter.objects.get()


def now(letter: Letter) -> Letter:
    return Letter.objects.using("system").get(pk=letter.pk)


def end_lease() -> None:
    Letter.objects.using("system").update(lease_until=timezone.now() - timedelta(seconds=1))


def test_killed_after_the_mail_server_has_the_letter_and_before_it_says_so(letter):
    with MailServer(is_mute=True) as mail:
        dying = worker.start(mail.port)
        assert mail.has_one.wait(PATIENCE)
        dying.kill()
        dying.join()
        left = now(letter)
        mail.is_mute = False
        end_lease()
        assert worker.ended(worker.start(mail.port), PATIENCE) == 0

    # The mail server may keep what it took, so both carry one Message-ID: to a mailbox they are the same.
    assert [one["Message-ID"] for one in mail.taken] == [f"<letter-{letter.pk}@127.0.0.1>"] * 2
    assert (left.state, now(letter).state, now(letter).attempts) == ("waiting", "sent", 2)


def test_as_long_as_a_worker_holds_a_letter_no_other_one_sends_it(letter):
    with MailServer(is_mute=True) as mail:
        holding = worker.start(mail.port)
        assert mail.has_one.wait(PATIENCE)
        other = worker.start(mail.port)
        assert worker.ended(other, PATIENCE) == 0
        holding.kill()
        holding.join()

    assert len(mail.taken) == 1


def test_killed_at_any_moment_each_letter_arrives_under_one_id(acme):
    with atomic(), tenant_scope(acme.pk):
        for number in range(8):
            notify(Kind.MEMBER_JOINED, tenant=acme, source=f"member:{number}", title=f"{number} joined")
    with MailServer() as mail:
        for _ in range(4):
            mail.has_one.clear()
            dying = worker.start(mail.port)
            while not mail.has_one.wait(0.02) and dying.is_alive():
                pass  # who finds nothing left to send ends by itself
            dying.kill()
            dying.join()
            end_lease()
        assert worker.ended(worker.start(mail.port), PATIENCE) == 0
        time.sleep(0.1)

    told = {one["Message-ID"]: one["Subject"] for one in mail.taken}
    assert sorted(told.values()) == [f"[acme] {number} joined" for number in range(8)]
    assert set(Letter.objects.using("system").values_list("due_at", flat=True)) == {None}
