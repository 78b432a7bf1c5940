import pytest
from django.core.management import CommandError, call_command

from tenants import audit
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests.tenants import forging

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


def test_every_chain_is_followed(acme, globex, capsys):
    call_command("verify_audit")

    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == ["acme", "globex"]
    assert [line.split(": ")[-1] for line in said] == ["intact; signed at event 2"] * 2


def test_each_intact_chain_is_signed_and_only_again_when_something_was_recorded(acme):
    call_command("verify_audit")
    call_command("verify_audit")

    with tenant_scope(acme.pk):
        assert audit.checkpoints(acme).get().sequence == 2
        assert audit.find(acme, action="checkpoint.signed").get().actor == "verify_audit"


def test_without_a_key_chains_are_verified_all_the_same(acme, settings, capsys):
    settings.AUDIT_KEY = ""

    call_command("verify_audit")

    assert "intact; not signed, PORTAL_AUDIT_KEY is missing" in capsys.readouterr().out


def test_a_broken_chain_is_named_and_fails_the_command(acme, globex, capsys):
    with tenant_scope(globex.pk):
        AuditEvent.objects.update(actor="somebody else")

    with pytest.raises(CommandError, match="broken in globex"):
        call_command("verify_audit")

    assert "Event 1 was changed after it was recorded." in capsys.readouterr().out
    with tenant_scope(globex.pk):
        assert list(audit.checkpoints(globex)) == []


def test_a_chain_that_was_written_anew_is_found_by_its_checkpoints(acme, capsys):
    call_command("verify_audit")
    with tenant_scope(acme.pk):
        AuditEvent.objects.filter(sequence=1).update(actor="somebody else")
        forging.rewrite(1)

    with pytest.raises(CommandError, match="broken in acme"):
        call_command("verify_audit")

    assert "The chain was written anew, from event 1 on or later" in capsys.readouterr().out


def test_a_tenant_that_does_not_exist_is_an_error(acme):
    with pytest.raises(CommandError, match="no tenant nosuch"):
        call_command("verify_audit", "nosuch")
