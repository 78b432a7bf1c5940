import pytest

from enclaves.models import Zone
from tenants.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    User.objects.create_superuser("operator@vendor.example", "a long enough password")
    client.post(
        "/admin/login/?next=/admin/",
        {"username": "operator@vendor.example", "password": "a long enough password"},
    )
    return client


def facts(**changes):
    known = {
        "name": "prod.aws-sa-east-1a",
        "environment": "prod",
        "cloud": "aws",
        "region": "sa-east-1",
        "availability_zone_ids": "sae1-az1",
        "is_open": "on",
    }
    return {**known, **changes}


def test_the_default_catalogue_is_there(zones_of_the_catalogue):
    zone = Zone.objects.get(name="prod.aws-us-east-1")

    assert (zone.region, zone.availability_zone_ids) == ("us-east-1", ["use1-az2", "use1-az4", "use1-az6"])


def test_an_operator_adds_and_closes_a_zone(operator):
    operator.post("/admin/enclaves/zone/add/", facts())
    assert Zone.objects.get(name="prod.aws-sa-east-1a").is_open is True

    operator.post("/admin/enclaves/zone/prod.aws-sa-east-1a/change/", facts(is_open=""))
    assert Zone.objects.get(name="prod.aws-sa-east-1a").is_open is False


def test_a_member_has_no_way_in(client, new_user):
    client.force_login(new_user("ada@acme.example"))

    answer = client.post("/admin/enclaves/zone/add/", facts())
    assert answer.status_code == 302
    assert not Zone.objects.filter(name="prod.aws-sa-east-1a").exists()


@pytest.fixture
def zones_of_the_catalogue():
    """Load the default again: tests that commit empty every table behind them."""
    from importlib import import_module

    from django.apps import apps

    import_module("enclaves.migrations.0003_zones").add_zones(apps, None)
