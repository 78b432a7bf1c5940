import pytest

from sandbox.azure.deployments.expressions import Surroundings, evaluate, references
from sandbox.azure.errors import ArmError

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
AROUND = Surroundings(
    subscription={"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION, "tenantId": "dir"},
    group={"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/enclave", "name": "enclave"},
    parameters={"zone": "prod", "tags": {"Owner": "ada"}, "sizes": ["small", "large"]},
    variables={"name": "[concat('enclave-', parameters('zone'))]", "self": "[variables('self')]"},
)
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/enclave"

VALUES = {
    "plain text": "plain text",
    "[[not an expression]": "[not an expression]",
    "[open": "[open",
    "['it''s']": "it's",
    "[ 7 ]": 7,
    "[parameters('zone')]": "prod",
    "[PARAMETERS('Zone')]": "prod",
    "[variables('name')]": "enclave-prod",
    "[parameters('tags').owner]": "ada",
    "[parameters('tags')['Owner']]": "ada",
    "[parameters('sizes')[1]]": "large",
    "[concat('a', 1, '-', parameters('zone'))]": "a1-prod",
    "[concat(parameters('sizes'), parameters('sizes'))]": ["small", "large", "small", "large"],
    "[format('{0}/{1}/{{x}}', 'a', 2)]": "a/2/{x}",
    "[subscription().tenantId]": "dir",
    "[resourceGroup().name]": "enclave",
    "[resourceId('Microsoft.KeyVault/vaults/keys', 'v', 'k')]": (
        f"{GROUP}/providers/Microsoft.KeyVault/vaults/v/keys/k"
    ),
    "[resourceId('other', 'Microsoft.KeyVault/vaults', 'v')]": (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.KeyVault/vaults/v"
    ),
    "[resourceId('s', 'g', 'Microsoft.KeyVault/vaults', 'v')]": (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    ),
    "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]": (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r"
    ),
    "[extensionResourceId('/subscriptions/s', 'Microsoft.Authorization/roleAssignments', 'a')]": (
        "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/a"
    ),
    "[tenantResourceId('Microsoft.Authorization/roleDefinitions', 'r')]": (
        "/providers/Microsoft.Authorization/roleDefinitions/r"
    ),
}


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_an_expression_has_the_value_that_azure_gives_it(text, value):
    assert evaluate(text, AROUND) == value


def test_expressions_are_found_in_keys_lists_and_objects():
    piece = {"[parameters('zone')]": ["[parameters('zone')]", {"deep": "[parameters('zone')]"}], "count": 3}

    assert evaluate(piece, AROUND) == {"prod": ["prod", {"deep": "prod"}], "count": 3}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "The template language expression '' is not valid"),
        ("[parameters('zone'))]", "The template language expression 'parameters('zone'))' is not valid"),
        ("[parameters('zone'),]", "The template language expression 'parameters('zone'),' is not valid"),
        ("[zone]", "The template language expression 'zone' is not valid"),
        ("[parameters('zone') ~]", "The template language expression 'parameters('zone') ~' is not valid"),
        ("[concat('a' 'b')]", "The template language expression 'concat('a' 'b')' is not valid"),
        ("[parameters('none')]", "The template parameter 'none' is not found"),
        ("[parameters('tags').none]", "property 'none' doesn't exist, available: 'Owner'"),
        ("[parameters('sizes')[2]]", "array index '2' is out of bounds"),
        ("[parameters('zone').x]", "property 'x' can't be evaluated"),
        ("[parameters()]", "function 'parameters': its arguments are not valid"),
        ("[concat(parameters('tags'))]", "takes no object and no null in 'concat'"),
        ("[format('{1}', 'a')]", "'format': '{1}' is not valid"),
        ("[variables('self')]", "The template variable 'self' is not found"),
        ("[resourceId('vaults', 'v')]", "a fully qualified resource type is expected"),
        ("[resourceId('Microsoft.KeyVault/vaults/keys', 'v')]", "requires '2' resource name argument(s)"),
        ("[reference('x')]", "'reference' is not expected at this location"),
        ("[guid('a')]", "'guid' hashes as only Azure does"),
        ("[uniqueString('a')]", "'uniqueString' hashes as only Azure does"),
        ("[if(true(), 1, 2)]", "'if' is not one that the sandbox knows"),
        ("[utcNow()]", "'utcNow' is not one that the sandbox knows"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(text, why):

    with pytest.raises(ArmError) as refusal:
        evaluate(text, AROUND)

    assert (refusal.value.status, refusal.value.code) == (400, "InvalidTemplate")
    assert why in refusal.value.message


def test_a_subscription_has_no_resource_group():
    with pytest.raises(ArmError, match="'RESOURCEGROUP' is not expected at this location"):
        evaluate("[resourceGroup().location]", Surroundings(subscription=AROUND.subscription))


def test_a_reference_is_asked_for_by_id_version_and_fullness():
    asked = []
    around = Surroundings(
        subscription={}, refer=lambda *what: asked.append(what) or {"identity": {"principalId": "p"}}
    )

    value = evaluate("[reference('/id', '2024-11-30', 'Full').identity.principalId]", around)

    assert (value, asked) == ("p", [("/id", "2024-11-30", True)])


def test_references_are_found_before_anything_is_evaluated():
    piece = {
        "a": ["[concat('x', reference(concat('/', parameters('zone')), '1').b)]"],
        "c": "[reference('d')]",
    }

    assert list(references(piece, AROUND)) == ["/prod", "d"]
