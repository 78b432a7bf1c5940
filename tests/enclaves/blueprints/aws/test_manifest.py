import pytest

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import HOST, OBSERVER, PROVISIONER, ROLES

READING = ("Describe", "Get", "Simulate")
EVERY = pytest.mark.parametrize(
    "permission", manifest.PERMISSIONS, ids=lambda each: f"{each.role}-{each.action}"
)


def test_every_permission_belongs_to_one_of_our_roles():
    assert {permission.role for permission in manifest.PERMISSIONS} == set(ROLES)


@EVERY
def test_actions_are_named_one_by_one(permission):
    assert "*" not in permission.action


@EVERY
def test_every_permission_says_why_in_a_sentence(permission):
    assert permission.why[0].isupper()
    assert permission.why.endswith(".")


@EVERY
def test_what_changes_something_is_bound_to_resources_and_conditions(permission):
    if permission.role == PROVISIONER:
        assert permission.resource != manifest.ANYTHING
        assert permission.conditions


def test_the_observer_only_reads():
    actions = [permission.action.split(":")[1] for permission in manifest.of_role(OBSERVER)]

    assert [action for action in actions if not action.startswith(READING)] == []


def test_a_host_can_neither_read_nor_delete_what_it_archived():
    assert [permission.action for permission in manifest.of_role(HOST)] == [
        "s3:PutObject",
        "kms:GenerateDataKey",
    ]


def test_no_permission_is_granted_twice():
    seen = [(each.role, each.action, each.resource) for each in manifest.PERMISSIONS]

    assert len(seen) == len(set(seen))


def test_neighbours_that_differ_in_the_action_share_a_statement():
    reads = [each for each in manifest.of_role(OBSERVER) if each.resource == manifest.ANYTHING]

    assert manifest.statements(reads) == [
        {"Effect": "Allow", "Action": list(manifest.READS), "Resource": manifest.ANYTHING}
    ]
