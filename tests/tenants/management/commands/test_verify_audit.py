import pytest
from django.core.management import CommandError, call_command

from tenants.models import AuditEvent
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


def test_every_chain_is_followed(acme, globex, capsys):
    call_command("verify_audit")

    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == ["acme", "globex"]
    assert [line.split(": ")[-1] for line in said] == ["intact", "intact"]


def test_a_broken_chain_is_named_and_fails_the_command(acme, globex, capsys):
    with tenant_scope(globex.pk):
        AuditEvent.objects.update(actor="somebody else")

    with pytest.raises(CommandError, match="broken in globex"):
        call_command("verify_audit")

    assert "Event 1 was changed after it was recorded." in capsys.readouterr().out


def test_a_tenant_that_does_not_exist_is_an_error(acme):
    with pytest.raises(CommandError, match="no tenant nosuch"):
        call_command("verify_audit", "nosuch")
