import json

import pytest

from enclaves.blueprints.aws.names import HOST, OBSERVER, PROVISIONER
from enclaves.providers.aws.sessions import NOTHING
from enclaves.providers.base import Outcome
from tests.enclaves.providers.tenant_account import outcomes, wrong

STRANGERS = ["without-id", "random-id", "canary-id"]
PROOF = ["observer-answers", "provisioner-answers", "registration", "template-version"]
PERMISSIONS = ["observer-permissions", "provisioner-permissions", "host-permissions"]


@pytest.fixture
def opened_sessions(aws, monkeypatch):
    """The sessions that the pretend STS gives out."""
    opened = []
    give = aws.gate.identities.open_session

    def remember(account, session):
        opened.append(session)
        return give(account, session)

    monkeypatch.setattr(aws.gate.identities, "open_session", remember)
    return opened


def finding(account, code):
    return next(each for each in account.provider().prove_account() if each.code == code)


def test_an_account_with_its_template_passes_every_check(account):
    findings = list(account.provider().prove_account())

    assert wrong(findings) == {}
    assert [each.code for each in findings] == [each.code for each in account.provider().account_checks()]


def test_findings_come_one_by_one(account):
    proof = account.provider().prove_account()
    account.aws.record.clear()

    next(proof)

    assert account.calls() == ["sts:AssumeRole", "sts:GetCallerIdentity"]


def test_each_role_is_assumed_once(account):
    list(account.provider().prove_account())

    opened = account.aws.record.calls(account=account.number, action="sts:AssumeRole", outcome="ok")
    assert len(opened) == 2


def test_an_account_without_the_template_is_told_to_apply_it(empty_account):
    findings = list(empty_account.provider().prove_account())

    assert outcomes(findings) == {
        "observer-answers": "failed",
        **dict.fromkeys(PROOF[1:], "skipped"),
        **dict.fromkeys(STRANGERS, "passed"),
        **dict.fromkeys(PERMISSIONS, "skipped"),
    }
    assert findings[0].title == "The role enclave-observer does not let the portal in"
    assert findings[0].advice == "Apply the account template in this account. The check runs again by itself."


def test_another_external_id_than_the_registrations_is_refused(account):
    findings = account.provider(external_id="the-id-of-another-registration").prove_account()

    assert next(findings).outcome == Outcome.FAILED


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
def test_a_trust_policy_without_the_external_id_lets_strangers_in(account, role):
    account.distrust(role)

    assert wrong(account.provider().prove_account()) == {
        "without-id": f"Without an external id: let in by {role}",
        "random-id": f"With a random external id: let in by {role}",
        "canary-id": f"With the id of another tenant: let in by {role}",
    }


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
def test_a_trust_policy_that_takes_any_external_id_is_found_out(account, role):
    account.distrust(role, StringLike={"sts:ExternalId": "*"})

    assert list(wrong(account.provider().prove_account())) == ["random-id", "canary-id"]


def test_a_trust_policy_that_takes_the_id_of_another_tenant_too_is_found_out(account):
    ids = [account.external_id, account.claim.canary_id]
    account.distrust(OBSERVER, StringEquals={"sts:ExternalId": ids})

    assert list(wrong(account.provider().prove_account())) == ["canary-id"]


def test_strangers_are_tried_even_if_we_are_not_let_in(account):
    account.distrust(OBSERVER, StringEquals={"sts:ExternalId": account.claim.canary_id})

    findings = outcomes(account.provider().prove_account())

    assert (findings["observer-answers"], findings["canary-id"]) == ("failed", "failed")


def test_a_stranger_who_gets_in_can_do_nothing_there(account, opened_sessions):
    account.distrust(OBSERVER)

    list(account.provider().prove_account())

    narrowed = [json.loads(session.policy) for session in opened_sessions if session.policy]
    assert narrowed == [NOTHING] * 3


@pytest.mark.parametrize("answer", ["Throttling", "ServiceUnavailable"])
def test_an_unclear_answer_to_a_stranger_is_no_pass(account, no_waiting, answer):
    account.aws.faults.add(account=account.number, action="sts:AssumeRole", error=answer, after=2, times=None)

    findings = {each.code: each for each in account.provider().prove_account()}

    assert [str(findings[code].outcome) for code in STRANGERS] == ["unknown"] * 3
    assert findings["without-id"].title == "Without an external id: not known yet"
    assert findings["without-id"].advice == (
        f"AWS answered {answer} instead of yes or no. That is no pass. We ask again by ourselves."
    )


def test_an_outage_of_sts_proves_nothing(account, no_waiting):
    account.aws.faults.add(
        account=account.number, action="sts:*", error="ServiceUnavailable", status=503, times=None
    )

    findings = outcomes(account.provider().prove_account())

    assert findings == {
        "observer-answers": "unknown",
        **dict.fromkeys(PROOF[1:], "skipped"),
        **dict.fromkeys(STRANGERS, "unknown"),
        **dict.fromkeys(PERMISSIONS, "skipped"),
    }


def test_roles_of_another_registration_are_named(account):
    account.root("iam").tag_role(
        RoleName=PROVISIONER, Tags=[{"Key": "enclave:registration", "Value": "another"}]
    )

    found = finding(account, "registration")

    assert (found.outcome, found.title) == (Outcome.FAILED, "Not of this registration: enclave-provisioner")
    assert found.evidence == "enclave-provisioner: enclave:registration = another"


def test_an_older_template_is_named(account):
    found = list(account.provider(template_version=2).prove_account())

    assert wrong(found)["template-version"] == "The account template is not at version 2"
    assert outcomes(found)["observer-permissions"] == "skipped"


def test_a_missing_permission_is_named(account):
    policies = account.root("iam").get_role_policy(RoleName=PROVISIONER, PolicyName=PROVISIONER)
    document = policies["PolicyDocument"]
    document["Statement"] = [
        each for each in document["Statement"] if each["Action"] != ["ec2:TerminateInstances"]
    ]
    account.root("iam").put_role_policy(
        RoleName=PROVISIONER, PolicyName=PROVISIONER, PolicyDocument=json.dumps(document)
    )

    assert wrong(account.provider().prove_account()) == {
        "provisioner-permissions": (
            "1 permission of enclave-provisioner missing: ec2:TerminateInstances (instance)"
        )
    }


def test_an_action_taken_away_from_above_is_named_too(account):
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    account.root("iam").put_role_policy(
        RoleName=OBSERVER,
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )

    title = wrong(account.provider().prove_account())["observer-permissions"]

    assert title.startswith("5 permissions of enclave-observer missing: s3:GetBucketTagging")


def test_an_observer_that_may_not_even_ask_is_told_what_it_lacks(account):
    account.root("iam").delete_role_policy(RoleName=OBSERVER, PolicyName=OBSERVER)

    found = finding(account, "registration")

    assert found.outcome == Outcome.FAILED
    assert found.evidence == "iam:GetRole → AccessDenied"


def test_a_missing_instance_profile_is_named(account):
    account.root("iam").remove_role_from_instance_profile(InstanceProfileName=HOST, RoleName=HOST)

    assert wrong(account.provider().prove_account()) == {
        "host-permissions": "The instance profile enclave-host is not there or empty"
    }


def test_nothing_secret_is_shown_where_a_provider_is_logged(account):
    provider = account.provider()
    list(provider.prove_account())

    shown = f"{provider!r} {account.claim!r} {provider._sessions!r}"

    assert account.external_id not in shown
    assert "ASIA" not in shown
