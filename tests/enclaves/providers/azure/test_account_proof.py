import pytest

from enclaves.blueprints.azure.names import (
    HOST,
    OBSERVER,
    PROVISIONER,
    REGISTRATION_TAG,
    group_id,
    identity_id,
    role_id,
    subject,
)
from enclaves.providers.azure.versions import (
    FEATURE,
    GROUP,
    IDENTITY,
    ROLE_ASSIGNMENT,
    ROLE_DEFINITION,
    VERSIONS,
)
from enclaves.providers.base import Outcome
from sandbox.azure.rbac import OWNER
from sandbox.azure.world import Subscription
from tests.enclaves.providers.tenant_account import outcomes, wrong
from tests.enclaves.providers.tenant_subscription import FEATURES, TenantSubscription

PROOF = [
    "observer-answers",
    "directory",
    "provisioner-answers",
    "registration",
    "template-version",
]
STRANGERS = ["canary-tenant", "other-subscription"]
REST = [
    "observer-permissions",
    "provisioner-permissions",
    "host-permissions",
    "encryption-at-host",
    "zones",
]


def prove(subscription, **changes):
    return list(subscription.provider(**changes).prove_account())


def finding(subscription, code):
    return next(each for each in prove(subscription) if each.code == code)


@pytest.fixture
def assign(subscription):
    """Assign a role to one of the portal's identities as the owner: ``assign(OBSERVER, role, scope)``."""

    def make(identity, role, scope):
        principal = subscription.owner(
            "GET", identity_id(subscription.number, identity), version=VERSIONS[IDENTITY]
        )["properties"]["principalId"]
        properties = {
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
        path = f"{scope}/providers/{ROLE_ASSIGNMENT}/{subscription.other}"
        subscription.owner("PUT", path, {"properties": properties}, version=VERSIONS[ROLE_ASSIGNMENT])

    return make


def test_a_subscription_with_its_template_passes_every_check(subscription):
    findings = prove(subscription)

    assert wrong(findings) == {}
    assert [each.code for each in findings] == [*PROOF, *STRANGERS, *REST]
    assert [each.code for each in findings] == [
        each.code for each in subscription.provider().account_checks()
    ]


def test_findings_come_one_by_one(subscription):
    proof = subscription.provider().prove_account()

    next(proof)

    assert subscription.calls() == ["token", "Microsoft.Resources/subscriptions/read"]


def test_the_proof_learns_which_zone_is_which(subscription):
    numbers = {physical: logical for logical, physical in subscription.zones.items()}

    facts = finding(subscription, "zones").facts

    assert facts["logical_zones"]["eastus"] == numbers


def test_without_the_client_id_only_that_is_asked_for(empty_subscription):
    findings = prove(empty_subscription)

    assert outcomes(findings) == {
        "observer-answers": "failed",
        **dict.fromkeys([*PROOF[1:], *STRANGERS, *REST], "skipped"),
    }
    assert empty_subscription.calls() == []
    assert findings[0].advice == ("Apply the account template, and paste its output observerClientId here.")


def test_a_client_id_of_nobody_is_told_to_apply_the_template(empty_subscription):
    findings = prove(empty_subscription, client_id=empty_subscription.other)

    assert outcomes(findings)["observer-answers"] == "failed"
    assert findings[0].title == "The identity enclave-observer does not let the portal in"
    assert findings[0].advice.startswith("Apply the account template in this subscription.")


def test_the_subject_of_another_tenant_of_ours_is_refused(subscription):
    findings = prove(subscription, tenant=subscription.canary_tenant, canary_tenant=subscription.other)

    assert outcomes(findings)["observer-answers"] == "failed"


def test_a_directory_that_does_not_know_the_observer_is_refused(subscription, running_azure):
    neighbour = TenantSubscription(*running_azure)

    findings = prove(subscription, directory=neighbour.directory)

    assert outcomes(findings)["observer-answers"] == "failed"
    assert findings[0].evidence.startswith("the token exchange → AADSTS700016")


def test_a_subscription_that_moved_to_another_directory_is_named(subscription, azure, monkeypatch):
    body = azure.world.subscription(subscription.number).body()
    moved = {**body, "tenantId": subscription.other}
    monkeypatch.setattr(Subscription, "body", lambda self: moved)

    found = finding(subscription, "directory")

    assert (found.outcome, found.evidence) == (Outcome.FAILED, f"tenantId = {subscription.other}")


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
def test_an_identity_that_trusts_another_tenant_too_is_found_out(subscription, role):
    subscription.trust_also(role, subject(subscription.canary_tenant, subscription.number, role))

    assert wrong(prove(subscription)) == {
        "canary-tenant": f"With the subject of another tenant: let in by {role}"
    }


def test_an_identity_that_trusts_us_for_another_subscription_is_found_out(subscription, running_azure):
    prove(subscription)
    presented = next(
        each
        for each in running_azure[1].signed
        if subscription.tenant in each and subscription.number not in each
    )
    subscription.trust_also(OBSERVER, presented)

    assert list(wrong(prove(subscription))) == ["other-subscription"]


def test_strangers_are_tried_even_if_we_are_not_let_in(subscription):
    subscription.distrust(OBSERVER)
    subscription.trust_also(OBSERVER, subject(subscription.canary_tenant, subscription.number, OBSERVER))

    findings = outcomes(prove(subscription))

    assert (findings["observer-answers"], findings["canary-tenant"]) == ("failed", "failed")


@pytest.mark.parametrize(("error", "status"), [("AADSTS90033", 503), ("AADSTS50196", 429)])
def test_an_unclear_answer_to_a_stranger_is_no_pass(subscription, azure, no_waiting, error, status):
    azure.faults.add(action="token", error=error, status=status, after=2, times=None)

    findings = {each.code: each for each in prove(subscription)}

    assert [str(findings[code].outcome) for code in STRANGERS] == ["unknown", "unknown"]
    assert findings["canary-tenant"].title == "With the subject of another tenant: not known yet"


def test_an_outage_of_entra_proves_nothing(subscription, azure, no_waiting):
    azure.faults.add(action="token", error="AADSTS90033", status=503, times=None)

    assert outcomes(prove(subscription)) == {
        "observer-answers": "unknown",
        **dict.fromkeys([*PROOF[1:], *REST], "skipped"),
        **dict.fromkeys(STRANGERS, "unknown"),
    }


def test_a_throttle_leaves_a_check_unknown(subscription, azure, no_waiting):
    azure.faults.add(action=f"{ROLE_DEFINITION}/read", error="TooManyRequests", retry_after=60, times=None)

    found = finding(subscription, "observer-permissions")

    assert (found.outcome, found.advice) == (
        Outcome.UNKNOWN,
        "Azure answered “slow down” instead of yes or no. That is no pass. We ask again by ourselves.",
    )


def test_identities_of_another_registration_are_named(subscription):
    subscription.azure.world.need(identity_id(subscription.number, HOST))["tags"][REGISTRATION_TAG] = (
        "another"
    )

    found = finding(subscription, "registration")

    assert (found.outcome, found.title) == (Outcome.FAILED, "Not of this registration: enclave-host")
    assert found.evidence == "enclave-host: enclave:registration = another"


def test_an_older_template_is_named(subscription):
    findings = prove(subscription, template_version=2)

    assert wrong(findings)["template-version"] == "The account template is not at version 2"
    assert outcomes(findings)["observer-permissions"] == "skipped"


def test_a_missing_provisioner_is_named(subscription):
    path = identity_id(subscription.number, PROVISIONER)
    subscription.owner("DELETE", path, version=VERSIONS[IDENTITY])

    found = finding(subscription, "provisioner-answers")

    assert (found.outcome, found.title) == (
        Outcome.FAILED,
        "The identity enclave-provisioner does not let the portal in",
    )


def test_a_missing_action_is_named(subscription):
    missing = "Microsoft.Compute/virtualMachines/delete"
    kept = [each for each in subscription.actions_of("enclave-provisioner") if each != missing]
    subscription.regrant("enclave-provisioner", kept)

    assert wrong(prove(subscription)) == {
        "provisioner-permissions": (
            "1 permission of enclave-provisioner missing: Microsoft.Compute/virtualMachines/delete"
        )
    }


def test_an_action_that_the_template_does_not_grant_is_named(subscription):
    more = [*subscription.actions_of("enclave-observer"), "Microsoft.KeyVault/vaults/write"]
    subscription.regrant("enclave-observer", more)

    assert wrong(prove(subscription)) == {
        "observer-permissions": (
            "enclave-observer may do more than the template grants: Microsoft.KeyVault/vaults/write"
        )
    }


def test_a_role_that_the_template_does_not_assign_is_named(subscription, assign):
    scope = f"/subscriptions/{subscription.number}"
    assign(PROVISIONER, f"{scope}/providers/{ROLE_DEFINITION}/{OWNER}", scope)

    assert wrong(prove(subscription)) == {
        "provisioner-permissions": "enclave-provisioner was assigned more than the templates assign"
    }


def test_our_own_role_in_the_wrong_place_is_named(subscription, assign):
    elsewhere = group_id(subscription.number, "payroll")
    subscription.owner("PUT", elsewhere, {"location": "eastus"}, version=VERSIONS[GROUP])
    assign(PROVISIONER, role_id(subscription.number, "enclave-provisioner"), elsewhere)

    found = finding(subscription, "provisioner-permissions")

    assert (found.outcome, found.evidence.endswith("at " + elsewhere.lower())) == (Outcome.FAILED, True)


def test_the_roles_of_zones_are_in_their_place(enclave):
    assert wrong(prove(enclave)) == {}


def test_an_unassigned_role_is_named(subscription, azure):
    principal = azure.world.need(identity_id(subscription.number, PROVISIONER))["properties"]["principalId"]
    for each in azure.world.of_type(ROLE_ASSIGNMENT):
        if each["properties"]["principalId"] == principal:
            azure.world.drop(each["id"])

    assert wrong(prove(subscription)) == {
        "provisioner-permissions": "The role enclave-host-identity is not assigned to enclave-provisioner"
    }


def test_an_observer_that_may_not_even_ask_is_told_what_it_lacks(subscription):
    kept = [each for each in subscription.actions_of("enclave-observer") if each != f"{ROLE_DEFINITION}/read"]
    subscription.regrant("enclave-observer", kept)

    found = finding(subscription, "observer-permissions")

    assert found.outcome == Outcome.FAILED
    assert found.evidence == "Microsoft.Authorization/roleDefinitions/read → AuthorizationFailed"


def test_encryption_at_host_that_is_not_registered_is_named(subscription):
    subscription.owner("DELETE", f"{FEATURES}/EncryptionAtHost", version=VERSIONS[FEATURE])

    assert wrong(prove(subscription)) == {"encryption-at-host": "Encryption at host is not registered"}


def test_nothing_secret_is_shown_where_a_provider_is_logged(subscription, running_azure):
    provider = subscription.provider()
    list(provider.prove_account())

    shown = f"{provider!r} {provider._sessions!r} {subscription.config!r} {provider._sessions.observer!r}"

    assert "eyJ" not in shown
    assert "sign" not in shown
