import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from enclaves.models import AccountCheck, Enclave, Zone
from enclaves.services import accounts, enclaves
from tenants.policy import Role
from tests.enclaves.conftest import ACCOUNT, ZONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cloud", "in_acme")]


@pytest.fixture
def registered(admin, db):
    Zone.objects.get_or_create(
        name=ZONE,
        defaults={
            "environment": "prod",
            "cloud": "aws",
            "region": "us-east-1",
            "availability_zone_ids": ["x"],
        },
    )
    return accounts.register_account(by=admin, account=ACCOUNT)


def test_an_enclave_starts_with_its_checks(registered, admin):
    enclave = enclaves.create_enclave(registered, by=admin, zone=ZONE)

    assert (enclave.state, str(enclave)) == ("pending", f"{ACCOUNT}/{ZONE}")
    assert AccountCheck.objects.filter(enclave=enclave, outcome="waiting").count() == 2


@pytest.mark.parametrize("zone", ["", "prod.nowhere", "prod.azure-eastus-az1"])
def test_a_zone_that_is_not_offered_is_refused(registered, admin, zone):
    with pytest.raises(ValidationError, match="There is no zone"):
        enclaves.create_enclave(registered, by=admin, zone=zone)

    assert not Enclave.objects.exists()


def test_a_closed_zone_takes_no_new_enclave(registered, admin):
    Zone.objects.filter(name=ZONE).update(is_open=False)

    with pytest.raises(ValidationError, match="There is no zone"):
        enclaves.create_enclave(registered, by=admin, zone=ZONE)


def test_a_zone_is_added_once(registered, admin):
    enclaves.create_enclave(registered, by=admin, zone=ZONE)

    with pytest.raises(ValidationError, match="already"):
        enclaves.create_enclave(registered, by=admin, zone=ZONE)


def test_a_developer_can_not_add_a_zone(registered, actor):
    with pytest.raises(PermissionDenied):
        enclaves.create_enclave(registered, by=actor(Role.DEVELOPER), zone=ZONE)
