import pytest

from enclaves.blueprints import Binding, UnknownCloud, UnknownFormat, blueprint
from enclaves.providers.base import Place

BINDING = Binding(
    "111122223333", "reg-1", "the-external-id-of-1", "arn:aws:iam::999900001111:role/p", "999900001111"
)
PLACE = Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",), 1)


def test_a_cloud_without_templates_is_named():
    with pytest.raises(UnknownCloud) as refusal:
        blueprint("gcp")

    assert str(refusal.value) == "There are templates for aws, azure, not for gcp."


@pytest.mark.parametrize(
    "ask",
    [
        lambda aws: aws.account_template(BINDING, format="terraform"),
        lambda aws: aws.zone_template(BINDING, PLACE, format="terraform"),
        lambda aws: aws.commands(PLACE, format="terraform"),
    ],
)
def test_a_format_that_does_not_exist_is_named(ask):
    with pytest.raises(UnknownFormat, match="come as cloudformation, not as terraform"):
        ask(blueprint("aws"))


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


def test_permissions_for_a_binding_have_no_blanks():
    filled = blueprint("aws").permissions(BINDING)

    assert [each for each in filled if "${" in f"{each.resource}{each.conditions}"] == []
    assert len(filled) == len(blueprint("aws").permissions())
