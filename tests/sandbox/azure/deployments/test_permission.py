import pytest

from sandbox.azure.errors import ArmError
from tests.sandbox.azure.deployments.conftest import SCOPE, SUBSCRIPTION, group, nested, template, thing

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def deployer(world, new_caller):
    """May deploy and make groups, and nothing of what is in them."""
    actions = ["Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/*"]
    permissions = [{"actions": actions}]
    facts = {"roleName": "deployer", "permissions": permissions, "assignableScopes": [SCOPE]}
    kind = "Microsoft.Authorization/roleDefinitions"
    world.put({"id": f"{SCOPE}/providers/{kind}/r", "name": "r", "type": kind, "properties": facts})
    return new_caller("deployer", "r")


def inner(*names):
    return nested("inner", [thing(name) for name in names], resourceGroup="g", dependsOn=["g"])


def test_who_may_not_deploy_is_told_so(deploy, new_caller):
    with pytest.raises(ArmError) as refusal:
        deploy(template(), by=new_caller("reader", READER))

    assert (refusal.value.status, refusal.value.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/deployments/write" in refusal.value.message


def test_nothing_is_made_when_one_write_of_a_nested_template_is_not_allowed(world, deploy, deployer):
    with pytest.raises(ArmError) as refusal:
        deploy(template(group(), inner("a")), by=deployer)

    assert (refusal.value.status, refusal.value.code) == (403, "InvalidTemplateDeployment")
    assert "failed with error: 'Authorization failed for template resource 'a'" in refusal.value.message
    assert "does not have permission to perform action 'Sandbox.Tests/things/write'" in refusal.value.message
    assert (world.get(f"{SCOPE}/resourceGroups/g"), world.deployments) == (None, {})


def test_all_that_is_not_allowed_is_told_at_once(deploy, deployer):
    with pytest.raises(ArmError, match=r"failed with multiple errors: .*'a'.*:Authorization failed .*'b'"):
        deploy(template(group(), inner("a", "b")), by=deployer)


def test_what_is_allowed_is_deployed(deploy, standing, deployer):
    assert standing(deploy(template(group()), by=deployer))["provisioningState"] == "Succeeded"


def test_the_providers_of_a_template_are_registered_for_who_may(world, deploy):
    deploy(template(group(), inner("a")))

    assert world.subscription(SUBSCRIPTION).providers["sandbox.tests"] == "Registered"


def test_a_provider_stays_unregistered_for_who_may_not(world, deploy, deployer):
    deploy(template(group(), nested("inner", [], resourceGroup="g", dependsOn=["g"])), by=deployer)

    assert "sandbox.tests" not in world.subscription(SUBSCRIPTION).providers
