import pytest

from sandbox.azure.deployments.template import check_sections, flat
from sandbox.azure.errors import ArmError

OF_SUBSCRIPTION = (
    "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
)
OF_GROUP = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
TEMPLATE = {"$schema": OF_SUBSCRIPTION, "contentVersion": "1.0.0.0", "resources": []}


def test_a_template_is_written_for_its_scope():
    in_group = {**TEMPLATE, "$schema": OF_GROUP}

    assert check_sections(TEMPLATE, in_group=False) == TEMPLATE
    assert check_sections(in_group, in_group=True) == in_group
    with pytest.raises(ArmError, match="not one for this deployment's scope"):
        check_sections(in_group, in_group=False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"functions": []}, "Could not find member 'functions' on object of type 'Template'"),
        ({"resources": {}}, "symbolic names are not known to the sandbox"),
        ({"outputs": []}, "The template's outputs are no object"),
        ({"outputs": {"a": {"value": 1}}}, "The template output 'a' has to have a type and a value"),
        ({"outputs": {"a": {"type": "date", "value": 1}}}, "output 'a' has an invalid type 'date'"),
        ({"resources": None, "$schema": 3}, "not one for this deployment's scope"),
    ],
)
def test_sections_that_the_sandbox_does_not_know_are_refused(change, why):
    with pytest.raises(ArmError) as refusal:
        check_sections({**TEMPLATE, **change}, in_group=False)

    assert why in refusal.value.message


@pytest.mark.parametrize("section", ["$schema", "contentVersion", "resources"])
def test_a_template_needs_its_sections(section):
    template = {name: value for name, value in TEMPLATE.items() if name != section}

    with pytest.raises(ArmError) as refusal:
        check_sections(template, in_group=False)

    assert f"Required property '{section}' not found in JSON" in refusal.value.message


def test_a_template_by_link_is_refused():
    with pytest.raises(ArmError, match="follows no templateLink"):
        check_sections(None, in_group=False)


def test_children_stand_after_their_parent_under_their_full_names():
    child = {"type": "keys", "apiVersion": "1", "name": "[parameters('key')]"}
    vault = {"type": "Microsoft.KeyVault/vaults", "apiVersion": "1", "name": "v", "resources": [child]}

    found = [(resource["type"], resource["name"]) for resource in flat([vault])]

    assert found == [
        ("Microsoft.KeyVault/vaults", "v"),
        ("Microsoft.KeyVault/vaults/keys", "[concat('v', '/', parameters('key'))]"),
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"copy": {}}, "Could not find member 'copy' on object of type 'TemplateResource'"),
        ({"apiVersion": None}, "Required property 'apiVersion' not found"),
        ({"dependsOn": "v"}, "The resource 'v' has a 'dependsOn' of the wrong form"),
        ({"tags": []}, "The resource 'v' has a 'tags' of the wrong form"),
    ],
)
def test_a_resource_that_the_sandbox_cannot_read_is_refused(change, why):
    resource = {"type": "Microsoft.KeyVault/vaults", "apiVersion": "1", "name": "v", **change}

    with pytest.raises(ArmError) as refusal:
        list(flat([resource]))

    assert why in refusal.value.message
