import re

import pytest

from enclaves.blueprints import BLUEPRINTS, Binding, UnknownCloud, UnknownFormat, blueprint
from enclaves.providers.base import Place

BINDING = Binding(
    "111122223333", "reg-1", "the-external-id-of-1", "arn:aws:iam::999900001111:role/p", "999900001111"
)
PLACE = Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",), 1)


def test_a_cloud_without_templates_is_named():
    with pytest.raises(UnknownCloud) as refusal:
        blueprint("gcp")

    assert str(refusal.value) == "There are templates for aws, azure, not for gcp."


@pytest.mark.parametrize(("cloud", "known"), [("aws", "cloudformation"), ("azure", "arm")])
@pytest.mark.parametrize(
    "ask",
    [
        lambda plan: plan.account_template(BINDING, format="terraform"),
        lambda plan: plan.zone_template(BINDING, PLACE, format="terraform"),
        lambda plan: plan.commands(PLACE, format="terraform"),
    ],
)
def test_a_format_that_does_not_exist_is_named(ask, cloud, known):
    with pytest.raises(UnknownFormat, match=f"come as {known}, not as terraform"):
        ask(blueprint(cloud))


def test_the_command_line_names_everything_that_it_needs():
    applied = blueprint("aws").commands()

    assert applied.file_name == "enclave-account.yaml"
    assert applied.command == (
        "aws cloudformation deploy --region us-east-1 --stack-name enclave-account \\\n"
        "  --template-file enclave-account.yaml --capabilities CAPABILITY_NAMED_IAM"
    )


def test_a_zone_is_applied_in_its_own_region_and_stack():
    applied = blueprint("aws").commands(Place("prod.aws-euw1-az1", "eu-west-1", ("euw1-az1",), 1))

    assert "--region eu-west-1 --stack-name enclave-zone-prod-aws-euw1-az1" in applied.command


def test_the_external_id_is_not_shown_where_a_binding_is_logged():
    assert BINDING.external_id not in repr(BINDING)


@pytest.mark.parametrize("cloud", BLUEPRINTS)
def test_permissions_for_a_binding_have_no_blanks(cloud):
    filled = blueprint(cloud).permissions(BINDING)

    assert [each for each in filled if "${" in f"{each.resource}{each.conditions}"] == []
    assert len(filled) == len(blueprint(cloud).permissions())


AZURE_PLACE = Place("prod.azure-eastus-az1", "eastus", ("eastus-az1",), 1)
SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"


def test_azures_line_names_the_subscription_the_place_and_what_it_prints():
    applied = blueprint("azure").commands(account=SUBSCRIPTION)

    assert applied.file_name == "enclave-account.json"
    assert applied.command == (
        f"az deployment sub create --subscription {SUBSCRIPTION} --location eastus "
        "--name enclave-account \\\n"
        "  --template-file enclave-account.json --query properties.outputs"
    )


def test_a_zone_of_azure_is_deployed_to_its_region_by_its_own_name():
    applied = blueprint("azure").commands(AZURE_PLACE, account=SUBSCRIPTION)

    assert (applied.name, applied.region) == ("enclave-prod-azure-eastus-az1", "eastus")
    assert f"--location eastus --name {applied.name} \\\n  --template-file {applied.file_name}" in (
        applied.command
    )


def test_only_the_account_template_hands_something_back():
    azure = blueprint("azure")

    told = [
        any(azure.words.hands_back in step for step in applied.steps)
        for applied in (azure.commands(), azure.commands(AZURE_PLACE))
    ]
    assert told == [True, False]


@pytest.mark.parametrize("cloud", BLUEPRINTS)
def test_an_example_of_an_account_is_what_the_pattern_wants(cloud):
    words = blueprint(cloud).words

    assert re.fullmatch(words.number_pattern, words.number_example)


@pytest.mark.parametrize("cloud", BLUEPRINTS)
def test_every_level_of_confidential_computing_is_offered_or_answered(cloud):
    words = blueprint(cloud).words

    assert set(words.confidential) == {"vm", "enclave", "containers"}
    assert [text for text in words.confidential.values() if text and text[-1] != "."] == []
    assert [level for level in words.caveats if words.confidential[level]] == []
