import stat

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from portal.outbox import EmailBackend
from portal.urls import site

LINK = "http://127.0.0.1:8000/invitation/abc/"


@pytest.fixture
def outbox(tmp_path, settings):
    settings.OUTBOX = tmp_path / "mail"
    return settings.OUTBOX


def send(outbox, number=1, text=f"Open this:\n\n{LINK}\n", **headers):
    headers = {"Message-ID": f"<letter-{number}@portal>", **headers}
    letter = EmailMessage(f"Letter {number}", text, to=["bob@acme.example"], headers=headers)
    EmailBackend(folder=outbox).send_messages([letter])


def test_a_letter_can_be_read_and_its_links_be_followed(outbox):
    send(outbox)
    (file,) = outbox.iterdir()

    pages = [Client().get(page).text for page in ("/_outbox/", f"/_outbox/{file.stem}/")]

    assert ["Letter 1" in page and "bob@acme.example" in page for page in pages] == [True, True]
    assert f'href="{LINK}"' in pages[1]


def test_a_letter_that_is_sent_again_is_one_letter(outbox):
    for _ in range(2):
        send(outbox)
    send(outbox, 2)

    assert len(list(outbox.iterdir())) == 2


def test_nobody_else_on_the_machine_reads_the_letters(outbox):
    send(outbox)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (outbox, *outbox.iterdir())]
    assert modes == [0o700, 0o600]


def test_an_empty_outbox_says_so(outbox):
    assert "No letter yet" in Client().get("/_outbox/").text


@pytest.mark.parametrize("name", ["0" * 32, "..", "%2e%2e%2fsecrets"])
def test_there_are_no_other_letters(outbox, name):
    send(outbox)

    assert Client().get(f"/_outbox/{name}/").status_code == 404


def test_what_a_letter_says_is_text_and_no_markup(outbox):
    send(outbox, text="<script>alert(1)</script>")
    (file,) = outbox.iterdir()

    assert "<script>alert" not in Client().get(f"/_outbox/{file.stem}/").text


def test_production_has_no_such_page():
    routes = [{str(entry.pattern) for entry in site(production=production)} for production in (False, True)]

    assert ["_outbox/" in found for found in routes] == [True, False]
