import json
from dataclasses import replace

import pytest

from enclaves.blueprints import TEMPLATE_VERSION, blueprint
from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.account import CLIENT_ID
from enclaves.blueprints.azure.names import HOST, OBSERVER, PROVISIONER, ROLES
from tests.enclaves.blueprints.azure.examples import (
    ACCOUNT,
    BINDING,
    TENANT,
    account_template,
    of_type,
    one,
    resources,
    texts,
)

CREDENTIALS = "ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
IDENTITY = (
    f"/subscriptions/{ACCOUNT}/resourceGroups/enclave"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
)
SUBJECT_LIMIT = 600


@pytest.fixture
def template():
    return account_template()


@pytest.fixture
def definitions(template):
    """The role definitions, by their names."""
    made = of_type(template, "Authorization/roleDefinitions")
    return {each["properties"]["roleName"]: each["properties"] for each in made}


@pytest.fixture
def assigned(template):
    """Whom each assignment gives what, as (identity, role, scope)."""
    titles = {
        each["name"]: each["properties"]["roleName"]
        for each in of_type(template, "Authorization/roleDefinitions")
    }
    return {
        (
            each["properties"]["principalId"].split("'")[1].rsplit("/", 1)[1],
            titles[each["properties"]["roleDefinitionId"].rsplit("/", 1)[1]],
            each.get("scope", "the subscription"),
        )
        for each in of_type(template, "Authorization/roleAssignments")
    }


def test_it_is_deployed_to_a_subscription(template):
    assert template["$schema"].endswith("/subscriptionDeploymentTemplate.json#")


def test_it_refuses_any_other_subscription(template):
    guard = template["parameters"]["subscription"]

    assert guard["defaultValue"] == "[subscription().subscriptionId]"
    assert guard["allowedValues"] == [ACCOUNT]


def test_the_group_carries_the_registration_and_the_version(template):
    group = one(template, "Resources/resourceGroups")

    assert (group["name"], group["tags"]) == (
        "enclave",
        {
            "enclave:registration": "reg-1",
            "enclave:template-version": str(TEMPLATE_VERSION),
            "enclave:service": "account",
        },
    )


def test_it_makes_the_three_identities(template):
    identities = of_type(template, "ManagedIdentity/userAssignedIdentities")

    assert [identity["name"] for identity in identities] == list(ROLES)
    assert {identity["tags"]["enclave:registration"] for identity in identities} == {"reg-1"}


def test_the_portals_identities_trust_one_issuer_subject_and_audience(template):
    trusted = {each["name"]: each["properties"] for each in of_type(template, CREDENTIALS)}

    assert trusted == {
        f"enclave-{role}/portal": {
            "issuer": "https://portal.example.com",
            "subject": f"tenant:{TENANT}:subscription:{ACCOUNT}:role:{role}",
            "audiences": ["api://AzureADTokenExchange"],
        }
        for role in ("observer", "provisioner")
    }


def test_nobody_can_become_the_identity_of_hosts_from_outside(template):
    names = [each["name"] for each in of_type(template, CREDENTIALS)]

    assert [name for name in names if name.startswith(HOST)] == []


def test_a_subject_is_short_enough_for_entra(template):
    subjects = [each["properties"]["subject"] for each in of_type(template, CREDENTIALS)]

    assert [subject for subject in subjects if len(subject) > SUBJECT_LIMIT or " " in subject] == []


def test_roles_carry_the_subscription_because_their_names_are_the_directorys(definitions):
    assert list(definitions) == [
        f"Enclave observer ({ACCOUNT})",
        f"Enclave provisioner ({ACCOUNT})",
        f"Enclave host identity ({ACCOUNT})",
        f"Enclave host ({ACCOUNT})",
    ]


@pytest.mark.parametrize("definition", manifest.DEFINITIONS, ids=lambda each: each.title)
def test_a_role_is_granted_the_manifest_and_nothing_beside_it(definitions, definition):
    title = definition.title.replace("-", " ").capitalize()

    made = definitions[f"{title} ({ACCOUNT})"]
    assert made["permissions"] == [
        {
            "actions": [each.action for each in definition.permissions if not each.data],
            "notActions": [],
            "dataActions": [each.action for each in definition.permissions if each.data],
            "notDataActions": [],
        }
    ]
    assert made["assignableScopes"] == [f"/subscriptions/{ACCOUNT}"]


def test_all_that_the_templates_grant_is_in_the_manifest(definitions):
    granted = [
        action
        for made in definitions.values()
        for permission in made["permissions"]
        for action in [*permission["actions"], *permission["dataActions"]]
    ]

    assert sorted(granted) == sorted(permission.action for permission in manifest.PERMISSIONS)


def test_the_observer_sees_the_subscription_and_the_provisioner_gets_one_identity(assigned):
    assert assigned == {
        (OBSERVER, f"Enclave observer ({ACCOUNT})", "the subscription"),
        (PROVISIONER, f"Enclave host identity ({ACCOUNT})", f"{IDENTITY}/{HOST}"),
    }


def test_encryption_on_the_machines_hosts_is_asked_for(template):
    feature = one(template, "Features/featureProviders/subscriptionFeatureRegistrations")

    assert feature["name"] == "Microsoft.Compute/EncryptionAtHost"


def test_it_hands_back_the_observers_client_id(template):
    assert list(template["outputs"]) == [CLIENT_ID] == [blueprint("azure").words.hands_back]
    assert f"'{IDENTITY}/{OBSERVER}'" in template["outputs"][CLIENT_ID]["value"]


def test_only_what_is_unknown_before_is_an_expression(template):
    expressions = {text.split("(")[0] for text in texts(template) if text.startswith("[")}

    assert expressions == {"[subscription", "[parameters", "[reference"}


def test_no_secret_is_in_it(template):
    words = {text.lower() for text in texts(list(resources(template)))}

    assert [word for word in words if "secret" in word or "password" in word] == []
    assert BINDING.external_id not in json.dumps(template)


def test_another_subscription_gets_other_guids(template):
    other = account_template(replace(BINDING, account="aaaabbbb-0000-4000-8000-ccccdddd0009"))

    def guids(made):
        return {each["name"] for each in resources(made) if "Authorization" in each["type"]}

    assert guids(template) & guids(other) == set()


def test_the_same_binding_gives_the_same_text():
    assert blueprint("azure").account_template(BINDING) == blueprint("azure").account_template(BINDING)
