import pytest
from django.test import Client

from tests.enclaves.api.conftest import problem_of
from tests.enclaves.conftest import ZONE


def test_zones_are_listed_for_everybody_who_is_known(zones, api):
    found = api.get("/api/v1/zones/", {"limit": 500}).json()["results"]

    assert next(zone for zone in found if zone["name"] == ZONE) == {
        "name": ZONE,
        "environment": "prod",
        "cloud": "aws",
        "region": "us-east-1",
        "availability_zone_ids": ["use1-az6"],
        "is_open": True,
    }


def test_a_zone_is_found_by_its_name(zones, api):
    assert api.get(f"/api/v1/zones/{ZONE}/").json()["region"] == "us-east-1"
    assert problem_of(api.get("/api/v1/zones/prod.aws-atlantis/"))[0] == 404


@pytest.mark.django_db
def test_strangers_are_told_how_to_sign_in():
    response = Client().get("/api/v1/zones/")

    assert problem_of(response)[0] == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "query",
    [{"cloud": "aws"}, {"limit": "0"}, {"limit": "many"}, {"after": "nonsense"}, {"limit": "-1"}],
)
def test_a_question_that_makes_no_sense_is_refused(zones, api, query):
    assert problem_of(api.get("/api/v1/zones/", query))[0] == 400
