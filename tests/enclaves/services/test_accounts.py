import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from enclaves.models import AccountCheck, CloudAccount, Operation, Work
from enclaves.services import accounts, enclaves
from tenants.errors import Refused
from tenants.models import AuditEvent
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT, ZONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cloud", "in_acme")]


def register(by, account=ACCOUNT, **facts):
    return accounts.register_account(by=by, account=account, **facts)


def test_registering_makes_a_binding_of_its_own(admin):
    first = register(admin)
    second = register(admin, "aws:444455556666")

    assert (first.state, first.holds) == ("pending", False)
    assert first.external_id != second.external_id
    assert first.registration != second.registration
    assert Work.objects.filter(subject__in=[first.pk, second.pk], urgent=True).count() == 2


def test_registering_is_in_the_audit_without_the_external_id(admin):
    account = register(admin)

    event = AuditEvent.objects.get(action="account.registered")
    assert event.detail == {"account": ACCOUNT}
    assert account.external_id not in str(event.detail)


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ("", "Write the cloud and the account"),
        ("111122223333", "Write the cloud and the account"),
        ("aws:11112222333", "An AWS account id has 12 digits; this has 11"),
        ("aws:1111222233334", "this has 13"),
        ("aws:11112222333a", "12 digits"),
        ("aws:١١١١٢٢٢٢٣٣٣٣", "Write the cloud and the account"),
        ("gcp:111122223333", "gcp can't be registered"),
        ("azure:7c1d0000-0000-0000-0000-00000000e402", "azure can't be registered"),
    ],
)
def test_what_is_no_account_is_refused_by_field(admin, account, message):
    with pytest.raises(ValidationError, match=message) as caught:
        register(admin, account)

    assert list(caught.value.message_dict) == ["account"]
    assert not CloudAccount.objects.exists()


def test_a_title_that_is_too_long_is_refused(admin):
    with pytest.raises(ValidationError) as caught:
        register(admin, title="x" * 81)

    assert list(caught.value.message_dict) == ["title"]


def test_an_account_is_registered_once_by_a_tenant(admin):
    register(admin)

    with pytest.raises(ValidationError, match="registered already"):
        register(admin)


def test_an_account_can_be_registered_again_after_it_was_removed_with_a_new_id(admin):
    first = register(admin)
    accounts.remove_account(first, by=admin)

    assert register(admin).external_id != first.external_id


def test_two_tenants_may_claim_one_account_with_different_ids(admin, actor, globex):
    mine = register(admin)
    with tenant_scope(globex.pk):
        theirs = register(actor(Role.ADMIN, globex))

    assert mine.external_id != theirs.external_id


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_admins_register(actor, role):
    with pytest.raises(PermissionDenied):
        register(actor(role))

    assert not CloudAccount.objects.exists()
    assert not AuditEvent.objects.filter(action="account.registered").exists()


def test_asking_twice_for_a_proof_gives_one_operation(admin):
    account = register(admin)

    first = accounts.verify_account(account, by=admin)
    assert accounts.verify_account(account, by=admin) == first
    assert Operation.objects.count() == 1


def test_a_reader_can_not_have_an_account_proved(admin, actor):
    account = register(admin)

    with pytest.raises(PermissionDenied):
        accounts.verify_account(account, by=actor(Role.READER))


def test_an_account_with_enclaves_is_not_removed(admin, zones):
    account = register(admin)
    enclave = enclaves.create_enclave(account, by=admin, zone=ZONE)

    with pytest.raises(Refused, match=ZONE):
        accounts.remove_account(account, by=admin)

    enclaves.remove_enclave(enclave, by=admin)
    accounts.remove_account(account, by=admin)
    account.refresh_from_db()
    assert (account.state, account.holds) == ("removed", False)


def test_a_removed_account_takes_nothing(admin, zones):
    account = register(admin)
    accounts.remove_account(account, by=admin)

    for intent in (
        lambda: accounts.verify_account(account, by=admin),
        lambda: accounts.freeze_account(account, by=admin),
        lambda: enclaves.create_enclave(account, by=admin, zone=ZONE),
    ):
        with pytest.raises(Refused):
            intent()


def test_freezing_is_recorded_once(admin):
    account = register(admin)
    accounts.freeze_account(account, by=admin)
    accounts.freeze_account(account, by=admin)

    assert account.takes_changes is False
    assert AuditEvent.objects.filter(action="account.frozen").count() == 1


def test_a_developer_can_not_freeze(admin, actor):
    account = register(admin)

    with pytest.raises(PermissionDenied):
        accounts.freeze_account(account, by=actor(Role.DEVELOPER))
    account.refresh_from_db()
    assert account.frozen_at is None


def test_the_checks_are_written_with_the_registration(admin):
    account = register(admin)

    assert (
        list(AccountCheck.objects.filter(account=account).values_list("outcome", flat=True))
        == ["waiting"] * 4
    )
