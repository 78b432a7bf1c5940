"""The mail of a portal that is none of production: letters as files, and pages to read them on."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db.transaction import non_atomic_requests
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

log = logging.getLogger(__name__)

SHOWN: Final = 200


class EmailBackend(BaseEmailBackend):
    """Keeps each letter in a file of its own; one that is sent again takes the place of the first."""

    def __init__(self, *, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self._folder = folder

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for letter in email_messages:
            self._keep(letter)
        return len(email_messages)

    def _keep(self, letter: EmailMessage) -> None:
        message = letter.message()
        name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:32]
        part = self._folder / f"{name}.part"
        part.touch(mode=0o600)
        part.write_bytes(message.as_bytes())
        part.replace(self._folder / f"{name}.eml")
        page = settings.BASE_URL + reverse("outbox-letter", args=[name])
        log.info("A letter to %s, “%s”: %s", ", ".join(letter.to), letter.subject, page)


class Kept(NamedTuple):
    """A letter as it is shown."""

    name: str
    sent_at: datetime
    to: str
    sender: str
    subject: str
    text: str


@never_cache
@require_GET
@non_atomic_requests
def outbox_list(request: HttpRequest) -> HttpResponse:
    files = sorted(settings.OUTBOX.glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    return render(request, "outbox/list.html", {"letters": [_read(file) for file in files[:SHOWN]]})


@never_cache
@require_GET
@non_atomic_requests
def outbox_letter(request: HttpRequest, name: str) -> HttpResponse:
    # The name is compared, never made a path of.
    found = [file for file in settings.OUTBOX.glob("*.eml") if file.stem == name]
    if not found:
        raise Http404
    return render(request, "outbox/letter.html", {"letter": _read(found[0])})


def _read(file: Path) -> Kept:
    message = message_from_bytes(file.read_bytes(), _class=Parsed, policy=policy.default)
    body = message.get_body(("plain",))
    sent_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    text = str(body.get_content()) if body else ""
    return Kept(file.stem, sent_at, message["To"], message["From"], message["Subject"], text)


urlpatterns = [
    path("", outbox_list, name="outbox"),
    path("<slug:name>/", outbox_letter, name="outbox-letter"),
]
