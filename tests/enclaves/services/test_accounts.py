import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from enclaves.models import AccountCheck, CloudAccount, Operation, Work
from enclaves.services import accounts, enclaves
from tenants.errors import Refused
from tenants.models import AuditEvent
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ACCOUNT, ZONE

SUBSCRIPTION = "7c1d0000-0000-4000-8000-00000000e402"
DIRECTORY = "dddd1111-0000-4000-8000-000000000002"
CLIENT, ANOTHER = "c11e0000-0000-4000-8000-000000000001", "c11e0000-0000-4000-8000-000000000002"
SECRET = "Zx8Q~not.a-uuid-but_what-an-app-registration-shows-once"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cloud", "in_acme")]


def register(by, account=ACCOUNT, **facts):
    return accounts.register_account(by=by, account=account, **facts)


def subscribe(by, **facts):
    wish = {"account": f"azure:{SUBSCRIPTION}", "azure_tenant_id": DIRECTORY, **facts}
    return accounts.register_account(by=by, **wish)


def due(account):
    return Work.objects.get(subject=account.pk, kind=Work.Kind.VERIFY).due_at


def settle(account):
    Work.objects.filter(subject=account.pk).update(due_at=None)


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
        ("aws:11112222333", "11112222333 is no AWS account id: that is 12 digits"),
        ("aws:1111222233334", "12 digits"),
        ("aws:11112222333a", "12 digits"),
        (f"aws:{SUBSCRIPTION}", "12 digits"),
        ("aws:١١١١٢٢٢٢٣٣٣٣", "Write the cloud and the account"),
        ("gcp:111122223333", "gcp can't be registered; aws, azure can"),
        ("azure:111122223333", "111122223333 is no Azure subscription id: that is a UUID"),
        ("azure:7c1d000000000000000000000000e402", "a UUID"),
        (f"azure:{SUBSCRIPTION}0", "a UUID"),
    ],
)
def test_what_is_no_account_is_refused_by_field(admin, account, message):
    with pytest.raises(ValidationError, match=message) as caught:
        register(admin, account)

    assert list(caught.value.message_dict) == ["account"]
    assert not CloudAccount.objects.exists()


def test_a_subscription_is_registered_with_its_directory_in_small_letters(admin):
    account = subscribe(admin, account=f"azure:{SUBSCRIPTION.upper()}", azure_tenant_id=DIRECTORY.upper())

    account.refresh_from_db()
    assert (str(account), account.azure_tenant_id) == (f"azure:{SUBSCRIPTION}", DIRECTORY)
    assert (account.azure_client_id, account.facts) == ("", {})


def test_the_record_names_the_directory(admin):
    subscribe(admin)

    event = AuditEvent.objects.get(action="account.registered")
    assert event.detail == {"account": f"azure:{SUBSCRIPTION}", "azure_tenant_id": DIRECTORY}


def test_another_spelling_is_not_another_subscription(admin):
    subscribe(admin)

    with pytest.raises(ValidationError, match="registered already"):
        subscribe(admin, account=f"azure:{SUBSCRIPTION.upper()}")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"azure_tenant_id": ""}, "Name the Entra tenant that the subscription trusts"),
        ({"azure_tenant_id": "contoso.example"}, "Name the Entra tenant"),
        ({"azure_tenant_id": SECRET}, "Name the Entra tenant"),
        ({"account": ACCOUNT}, "An AWS account has no Entra tenant"),
    ],
)
def test_a_directory_that_is_missing_or_out_of_place_is_refused_by_field(admin, facts, message):
    with pytest.raises(ValidationError, match=message) as caught:
        subscribe(admin, **facts)

    assert list(caught.value.message_dict) == ["azure_tenant_id"]
    assert SECRET not in str(caught.value)
    assert not CloudAccount.objects.exists()


def test_a_client_id_is_handed_in_recorded_and_proved(admin):
    account = subscribe(admin)
    settle(account)

    accounts.hand_in_client(account, by=admin, azure_client_id=f" {CLIENT.upper()} ")

    account.refresh_from_db()
    assert account.azure_client_id == CLIENT
    event = AuditEvent.objects.get(action="account.client_handed_in")
    assert event.detail == {"azure_client_id": CLIENT, "before": ""}
    assert due(account) is not None


def test_handing_in_the_same_again_has_it_proved_again_and_records_nothing(admin):
    account = subscribe(admin)
    accounts.hand_in_client(account, by=admin, azure_client_id=CLIENT)
    settle(account)

    accounts.hand_in_client(account, by=admin, azure_client_id=CLIENT)

    assert due(account) is not None
    assert AuditEvent.objects.filter(action="account.client_handed_in").count() == 1


@pytest.mark.parametrize("state", ["pending", "verifying", "degraded", "insecure"])
def test_what_is_not_proved_takes_another_client_id(admin, state):
    account = subscribe(admin)
    accounts.hand_in_client(account, by=admin, azure_client_id=CLIENT)
    CloudAccount.objects.filter(pk=account.pk).update(state=state)

    accounts.hand_in_client(account, by=admin, azure_client_id=ANOTHER)

    account.refresh_from_db()
    assert account.azure_client_id == ANOTHER


@pytest.mark.parametrize("state", ["verified", "removed"])
def test_what_is_proved_or_gone_keeps_its_client_id(admin, state):
    account = subscribe(admin)
    accounts.hand_in_client(account, by=admin, azure_client_id=CLIENT)
    CloudAccount.objects.filter(pk=account.pk).update(state=state)

    with pytest.raises(Refused):
        accounts.hand_in_client(account, by=admin, azure_client_id=ANOTHER)

    account.refresh_from_db()
    assert account.azure_client_id == CLIENT
    assert AuditEvent.objects.filter(action="account.client_handed_in").count() == 1


@pytest.mark.parametrize("text", ["", "enclave-observer", SECRET, CLIENT + "\n0", CLIENT[:-1]])
def test_what_is_no_client_id_is_refused_by_field_and_not_repeated(admin, text):
    account = subscribe(admin)

    with pytest.raises(ValidationError, match="This is no observerClientId: that is a UUID") as caught:
        accounts.hand_in_client(account, by=admin, azure_client_id=text)

    assert list(caught.value.message_dict) == ["azure_client_id"]
    assert SECRET not in str(caught.value)
    account.refresh_from_db()
    assert account.azure_client_id == ""


def test_an_account_whose_template_hands_nothing_back_takes_nothing(admin):
    account = register(admin)

    with pytest.raises(Refused, match="hands nothing back"):
        accounts.hand_in_client(account, by=admin, azure_client_id=CLIENT)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_admins_hand_in_a_client_id(admin, actor, role):
    account = subscribe(admin)

    with pytest.raises(PermissionDenied):
        accounts.hand_in_client(account, by=actor(role), azure_client_id=CLIENT)

    account.refresh_from_db()
    assert account.azure_client_id == ""


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
