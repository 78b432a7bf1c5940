import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client

from tenants import audit
from tenants.models import AuditEvent
from tenants.policy import Role
from tenants.scope import tenant_scope

PAGE = "/t/acme/audit/checkpoints/"
KEYS = "/.well-known/enclave-audit-keys.json"


def test_before_the_first_checkpoint_the_page_says_how_to_get_one(browser, acme):
    page = browser(Role.READER).get(PAGE).text

    assert ("No checkpoint yet" in page, "Verify and sign now" in page) == (True, True)
    assert "--checkpoint" not in page


def test_without_a_key_the_page_offers_nothing_that_cannot_work(browser, acme, settings):
    settings.AUDIT_KEY = ""
    client = browser(Role.READER)

    page = client.get(PAGE).text
    after = client.post(PAGE + "sign/", follow=True).text

    assert ("Nothing can be signed" in page, "Verify and sign now" in page) == (True, False)
    assert "This portal was given no key" in after


def test_a_checkpoint_is_signed_on_request_and_listed(browser, acme):
    page = browser(Role.READER).post(PAGE + "sign/", follow=True).text

    assert "The chain is intact, and signed up to event" in page
    with tenant_scope(acme.pk):
        sequence = audit.checkpoints(acme).get().sequence
        assert audit.find(acme, action="checkpoint.signed").get().actor == "reader@acme.example"
    assert (f"1 to {sequence}" in page, f"{PAGE}{sequence}/" in page) == (True, True)


def test_a_broken_chain_is_not_signed_and_the_page_says_why(browser, acme):
    with tenant_scope(acme.pk):
        AuditEvent.objects.filter(sequence=1).update(actor="somebody else")

    page = browser(Role.READER).post(PAGE + "sign/", follow=True).text

    assert "Only an intact chain is signed. Event 1 was changed after it was recorded." in page
    assert "The chain is broken" in page
    with tenant_scope(acme.pk):
        assert list(audit.checkpoints(acme)) == []


def test_an_audit_that_lost_its_end_still_has_a_page_that_says_so(browser, acme):
    client = browser(Role.READER)
    with tenant_scope(acme.pk), connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_audithead")

    pages = [client.get("/t/acme/audit/"), client.get(PAGE)]

    lost = "The end of the chain, which is kept apart from it, is missing."
    assert [lost in page.text for page in pages] == [True, True]


def test_what_the_page_gives_away_is_all_that_it_takes_to_verify_without_it(browser, acme, tmp_path):
    client = browser(Role.READER)
    client.post(PAGE + "sign/")
    with tenant_scope(acme.pk):
        sequence = audit.checkpoints(acme).get().sequence
    files = {
        "export": client.get("/t/acme/audit/", {"format": "jsonl"}).getvalue(),
        "checkpoint": client.get(f"{PAGE}{sequence}/").content,
        "key": Client().get(KEYS).content,
        "verifier": client.get("/t/acme/audit/verifier/").content,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    command = [sys.executable, "-I", "-S", "verifier", "export", "--checkpoint", "checkpoint", "--key", "key"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603

    assert (ran.returncode, ran.stdout.startswith(f"intact: {sequence} events")) == (0, True)


def test_what_is_downloaded_has_the_names_that_the_page_shows(browser, acme):
    client = browser(Role.READER)
    client.post(PAGE + "sign/")
    with tenant_scope(acme.pk):
        sequence = audit.checkpoints(acme).get().sequence

    given = [client.get(f"{PAGE}{sequence}/"), client.get("/t/acme/audit/verifier/")]
    page = client.get(PAGE).text

    names = [answer["Content-Disposition"].split('"')[1] for answer in given]
    assert names == [f"acme-checkpoint-{sequence}.json", "enclave-audit-verify.py"]
    assert [name in page for name in names] == [True, True]


def test_a_checkpoint_that_does_not_exist_cannot_be_downloaded(browser, acme):
    assert browser(Role.READER).get(PAGE + "999/").status_code == 404


def test_a_checkpoint_of_another_tenant_cannot_be_downloaded(browser, acme, globex):
    with tenant_scope(globex.pk):
        theirs = audit.sign(globex, audit.verify(globex), by=audit.System("worker", globex.pk))

    answer = browser(Role.READER).get(f"{PAGE}{theirs.sequence}/")

    assert (theirs.sequence, answer.status_code) == (2, 404)


def test_the_public_keys_are_for_everybody_and_without_a_session(db):
    answer = Client().get(KEYS)

    assert (answer["Content-Type"], answer["Cache-Control"]) == (
        "application/jwk-set+json",
        "public, max-age=3600",
    )
    assert [set(key) for key in answer.json()["keys"]] == [{"kty", "crv", "x", "kid", "alg", "use"}]


def test_that_there_is_no_key_is_not_remembered(db, settings):
    settings.AUDIT_KEY = ""

    answer = Client().get(KEYS)

    assert (answer.json(), answer["Cache-Control"]) == ({"keys": []}, "no-store")


@pytest.mark.parametrize("page", [PAGE, "/t/acme/audit/"])
def test_the_page_costs_the_same_for_one_checkpoint_and_for_more(browser, acme, page, queries, at_most):
    client = browser(Role.READER)
    client.post(PAGE + "sign/", follow=True)  # to the page that says so, once
    with at_most(12) as before:
        client.get(page)
    with tenant_scope(acme.pk):
        for number in range(3):
            by = audit.System("worker", acme.pk)
            audit.record("host.failed", f"query-{number}", by=by)
            audit.sign(acme, audit.verify(acme), by=by)

    with queries(len(before)):
        client.get(page)
