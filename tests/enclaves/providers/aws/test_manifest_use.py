"""The portal can do no more than the template grants, and uses all that it grants."""

from dataclasses import dataclass

import pytest

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import HOST, OBSERVER, PROVISIONER, values
from enclaves.blueprints.base import Permission
from enclaves.providers.base import ProviderError, Trouble
from sandbox.aws.gate import gate
from sandbox.aws.gate.policy import Decision, Question, decide
from tests.enclaves.providers.tenant_account import PLACE, wrong

PORTALS = [permission for permission in manifest.PERMISSIONS if permission.role != HOST]
UNNEEDED = Permission(
    PROVISIONER, "ec2:StopInstances", "*", "It might be of use one day.", {"StringEquals": {"a": "b"}}
)


@dataclass(frozen=True)
class Asked:
    """One thing that a role of ours had to be allowed."""

    role: str
    question: Question


@pytest.fixture
def asked(monkeypatch):
    """All that the gate had to allow the roles, with the resource and the circumstances."""
    seen = []
    authorize = gate.authorize

    def remember(principal, check):
        authorize(principal, check)
        if principal.session:
            context = check.context.plus({"aws:ResourceAccount": check.owner or principal.account})
            seen.append(
                Asked(principal.role_arn.rsplit("/", 1)[1], Question(check.action, check.resource, context))
            )

    monkeypatch.setattr(gate, "authorize", remember)
    return seen


@pytest.fixture
def life(enclave, asked):
    """Everything that the portal ever does in an account, once."""
    provider = enclave.provider()
    assert wrong(provider.prove_account()) == {}
    proof = provider.prove_zone(PLACE)
    assert wrong(proof.findings) == {}
    provider.offers(PLACE)
    host = provider.launch(PLACE, proof.resources, enclave.order())
    provider.list_hosts(PLACE)
    provider.healthy_hosts(PLACE, [host.instance_id])
    provider.terminate(PLACE, [host.instance_id])
    return asked


@pytest.fixture
def not_needed(enclave, life):
    """Find what no call of a whole life depends on: ``not_needed(permissions)``."""
    names = values(
        account=enclave.number, registration=enclave.registration, image_owner=enclave.portal.account_id
    )

    def find(permissions):
        filled = [manifest.filled(permission, names) for permission in permissions]
        alone = [
            allowing[0]
            for each in life
            if len(allowing := [p for p in filled if p.role == each.role and allows(p, each.question)]) == 1
        ]
        return [permission for permission, own in zip(permissions, filled, strict=True) if own not in alone]

    return find


def allows(permission, question):
    return decide([{"Statement": manifest.statements([permission])}], question) == Decision.ALLOWED


def test_what_the_portal_does_in_a_whole_life_is_the_manifest(life):
    used = {(each.role, each.question.action) for each in life}

    assert used == {(permission.role, permission.action) for permission in PORTALS}


def test_for_each_permission_there_is_a_call_that_fails_without_it(not_needed):
    assert not_needed(PORTALS) == []


def test_a_permission_that_nothing_needs_is_found(not_needed):
    assert not_needed([*PORTALS, UNNEEDED]) == [UNNEEDED]


def test_a_permission_that_repeats_another_is_found(not_needed):
    repeated = next(each for each in PORTALS if each.action == "ec2:TerminateInstances")

    assert not_needed([*PORTALS, repeated]) == [repeated, repeated]


@pytest.mark.parametrize(
    "action", ["ec2:RunInstances", "ec2:CreateTags", "iam:PassRole", "ec2:TerminateInstances"]
)
def test_without_an_action_the_portal_is_refused(enclave, action):
    resources = enclave.provider().prove_zone(PLACE).resources
    enclave.apply_account(without(enclave, PROVISIONER, action))
    provider = enclave.provider()

    with pytest.raises(ProviderError) as refusal:
        provider.terminate(PLACE, [provider.launch(PLACE, resources, enclave.order()).instance_id])

    assert (refusal.value.trouble, refusal.value.permanent) == (Trouble.REFUSED, True)


@pytest.mark.parametrize("action", ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"])
def test_without_the_disk_key_a_host_does_not_start(enclave, action):
    resources = enclave.provider().prove_zone(PLACE).resources
    enclave.apply_account(without(enclave, PROVISIONER, action))

    enclave.provider().launch(PLACE, resources, enclave.order())

    assert enclave.provider().list_hosts(PLACE) == []


@pytest.mark.parametrize("action", ["ec2:DescribeSubnets", "kms:DescribeKey", "s3:GetBucketTagging"])
def test_without_a_read_the_zone_is_not_proved(enclave, action):
    enclave.apply_account(without(enclave, OBSERVER, action))

    assert wrong(enclave.provider().prove_zone(PLACE).findings) != {}


def without(enclave, role, action):
    left = [each for each in manifest.PERMISSIONS if (each.role, each.action) != (role, action)]
    return enclave.account_template(left)
