import uuid
from dataclasses import dataclass

import pytest

from enclaves.blueprints import Binding, blueprint
from sandbox.aws.client import apply_template, delete_stack


@dataclass(frozen=True)
class Place:
    zone: str
    region: str
    availability_zone_ids: tuple[str, ...]


PLACES = [
    Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",)),
    Place("prod.aws-eu-west-1", "eu-west-1", ("euw1-az1", "euw1-az2", "euw1-az3")),
]


@pytest.fixture
def binding(account, portal):
    return Binding(account, str(uuid.uuid4()), uuid.uuid4().hex, portal.arn, portal.account_id)


@pytest.fixture
def applied(aws, account, binding):
    """An account in which the tenant applied both templates."""

    def make(place: Place):
        key = aws.add_account(account)
        templates = blueprint("aws")
        apply_template(aws.url, key, templates.account_template(binding), "us-east-1", "enclave")
        return apply_template(aws.url, key, templates.zone_template(binding, place), place.region, "zone")

    return make


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.zone)
def test_both_templates_can_be_applied_and_removed(applied, aws, account, place):
    stack = applied(place)

    removed = delete_stack(aws.url, account, place.region, "zone")
    ended = delete_stack(aws.url, account, "us-east-1", "enclave")

    assert [stack.status, removed.status, ended.status] == ["CREATE_COMPLETE"] + 2 * ["DELETE_COMPLETE"]


def test_applying_the_same_templates_again_changes_nothing(applied):
    first = applied(PLACES[0])

    again = applied(PLACES[0])

    assert (again.status, again.resources) == ("UPDATE_COMPLETE", first.resources)


def test_only_the_binding_opens_the_roles(applied, account, assume, binding, portal, code):
    applied(PLACES[0])
    arn = f"arn:aws:iam::{account}:role/enclave-observer"

    answers = [
        code(assume, credentials=portal.credentials, arn=arn),
        code(assume, credentials=portal.credentials, arn=arn, ExternalId=uuid.uuid4().hex),
        code(assume, credentials=portal.credentials, arn=arn, ExternalId=binding.external_id),
    ]

    assert answers == ["AccessDenied", "AccessDenied", "ok"]
