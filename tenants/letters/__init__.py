"""Sending letters: from rows, by a worker, with patience; the web process talks to no mail server here.

A letter is claimed for the time of a lease, sent, and marked. A worker that dies in between leaves it to
the next one, which sends it under the same Message-ID, so that a mailbox knows it as the same letter.
"""

import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Final

from celery import current_app
from django.db.transaction import on_commit

from tenants.letters import queue
from tenants.letters.queue import Claimed, LostLease, claim, forget, put_all_off, with_problems, withdraw
from tenants.letters.writing import Pointless, invitation_secret, write
from tenants.models import Invitation, Letter
from tenants.scope import tenant_scope

__all__ = [
    "deliver_due",
    "forget",
    "invitation_secret",
    "post_invitation",
    "wake",
    "with_problems",
    "withdraw",
]

log = logging.getLogger(__name__)

TASK: Final = "tenants.tasks.post"
PER_NUDGE: Final = 200  # then the next message goes on, so that a worker can be shut down

NO_ANSWER: Final = "The mail server does not take letters at the moment."
OUR_ERROR: Final = "An error in the portal; its operators see it in the log."


def wake() -> None:
    """Send the nudge; a broker that is down loses nothing but some seconds."""
    current_app.send_task(TASK, expires=60, retry=False)


def post_invitation(invitation: Invitation) -> None:
    """Have an invitation's letter sent; part of the transaction that made its link."""
    queue.add(invitation)
    on_commit(wake, robust=True)


def deliver_due() -> int:
    """Send what is due, one letter after the other; return how many the mail server took."""
    sent = 0
    for _ in range(PER_NUDGE):
        claimed = claim()
        if claimed is None or not _deliver(claimed):
            return sent
        sent += 1
    return sent


def _deliver(claimed: Claimed) -> bool:
    """Send one letter; say whether it is worth trying the next one."""
    with tenant_scope(claimed.tenant_id):
        try:
            _send(claimed)
        except Pointless as reason:
            claimed.give_up(str(reason))
        except LostLease as error:
            log.info("%s", error)
        except OSError as error:  # of which every error of smtplib is one
            return _refused(claimed, error)
        except Exception:
            # The one place that catches everything: an error of ours must not hold up all other letters.
            log.exception("Letter %s could not be written", claimed.id)
            claimed.put_off(OUR_ERROR)
        return True


def _send(claimed: Claimed) -> None:
    row = Letter.objects.select_related("tenant", "user", "notification", "invitation__created_by")
    letter = write(row.get(pk=claimed.id))
    # Last, so that no letter leaves which another worker has taken over or which is withdrawn.
    claimed.keep()
    letter.send()
    claimed.mark_sent()


def _refused(claimed: Claimed, error: OSError) -> bool:
    log.warning("Letter %s could not be sent: %s", claimed.id, _said(error))
    if isinstance(error, SMTPRecipientsRefused):
        code = max((code for code, _ in error.recipients.values()), default=0)
        _of_this_letter(claimed, code, f"The mail server refuses the address ({code}).")
        return True
    if isinstance(error, SMTPDataError):
        _of_this_letter(claimed, error.smtp_code, f"The mail server refuses the letter ({error.smtp_code}).")
        return True
    put_all_off(claimed.put_off(NO_ANSWER), NO_ANSWER)
    return False


def _of_this_letter(claimed: Claimed, code: int, problem: str) -> None:
    """A 5xx is the server's last word, a 4xx a request to come back."""
    claimed.give_up(problem) if code >= 500 else claimed.put_off(problem)  # noqa: PLR2004 -- RFC 5321


def _said(error: OSError) -> str:
    """What went wrong, without the address: addresses are not for the log."""
    if isinstance(error, SMTPRecipientsRefused):
        return str(sorted(code for code, _ in error.recipients.values()))
    return f"{type(error).__name__} {getattr(error, 'smtp_code', '') or error.errno or ''}".strip()
