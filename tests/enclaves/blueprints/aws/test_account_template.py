import json

import pytest
import yaml

from enclaves.blueprints import Binding, blueprint
from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import HOST, OBSERVER, PROVISIONER

BINDING = Binding(
    "111122223333", "reg-1", "the-external-id-of-1", "arn:aws:iam::999900001111:role/p", "999900001111"
)

# AWS counts an inline policy without white space, all of a role's together.
INLINE_POLICY_LIMIT = 10_240


@pytest.fixture
def template():
    return yaml.safe_load(blueprint("aws").account_template(BINDING))


@pytest.fixture
def role(template):
    """Find a role by its name: ``role("enclave-observer")``."""

    def find(name):
        resources = template["Resources"].values()
        return next(each["Properties"] for each in resources if each["Properties"].get("RoleName") == name)

    return find


def test_the_registrations_values_are_filled_in(template):
    defaults = {name: parameter["Default"] for name, parameter in template["Parameters"].items()}

    assert defaults == {
        "ExternalId": "the-external-id-of-1",
        "RegistrationId": "reg-1",
        "PortalPrincipalArn": "arn:aws:iam::999900001111:role/p",
        "ImageOwner": "999900001111",
    }


def test_the_console_hides_the_external_id(template):
    assert template["Parameters"]["ExternalId"]["NoEcho"] is True


@pytest.mark.parametrize("name", [OBSERVER, PROVISIONER])
def test_a_role_trusts_the_portal_with_the_external_id_and_nobody_else(role, name):
    assert role(name)["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": {"Ref": "PortalPrincipalArn"}},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
        }
    ]


def test_the_hosts_role_trusts_machines_only(role):
    assert role(HOST)["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]


@pytest.mark.parametrize("name", [OBSERVER, PROVISIONER, HOST])
def test_a_role_is_granted_the_manifest_and_nothing_beside_it(role, name):
    policies = role(name)["Policies"]

    granted = [action for each in policies[0]["PolicyDocument"]["Statement"] for action in each["Action"]]
    assert granted == [permission.action for permission in manifest.of_role(name)]
    assert len(policies) == 1
    assert "ManagedPolicyArns" not in role(name)


@pytest.mark.parametrize("name", [OBSERVER, PROVISIONER, HOST])
def test_a_roles_policy_is_small_enough_for_aws(role, name):
    text = json.dumps(role(name)["Policies"], separators=(",", ":"))

    assert len(text) < INLINE_POLICY_LIMIT


@pytest.mark.parametrize("name", [OBSERVER, PROVISIONER, HOST])
def test_a_role_carries_the_registration_and_the_version(role, name):
    tags = {tag["Key"]: tag["Value"] for tag in role(name)["Tags"]}

    assert tags == {"enclave:registration": {"Ref": "RegistrationId"}, "enclave:template-version": "1"}
    assert role(name)["MaxSessionDuration"] == 3600


def test_the_same_binding_gives_the_same_text():
    assert blueprint("aws").account_template(BINDING) == blueprint("aws").account_template(BINDING)
