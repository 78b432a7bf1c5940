"""Templates applied through TLS, as a tenant's administrator does it with az."""

import json

import pytest

from sandbox.azure.__main__ import main
from sandbox.azure.client import SandboxError, apply_template, control, delete_deployment, owner_of
from sandbox.azure.server import EmbeddedAzure

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
DIRECTORY = "dddd1111-0000-4000-8000-000000000002"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/enclave"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"place": {"type": "string", "defaultValue": "eastus"}},
    "resources": [
        {
            "type": "Microsoft.Resources/resourceGroups",
            "apiVersion": "2025-04-01",
            "name": "enclave",
            "location": "[parameters('place')]",
        }
    ],
    "outputs": {
        "place": {"type": "string", "value": f"[reference('{GROUP}', '2025-04-01', 'Full').location]"}
    },
}


@pytest.fixture(scope="module")
def running_azure():
    with EmbeddedAzure() as azure:
        yield azure


@pytest.fixture
def azure(running_azure):
    running_azure.add_subscription(SUBSCRIPTION, DIRECTORY)
    yield running_azure
    running_azure.reset()


@pytest.fixture
def where(azure):
    return (azure.arm_url, azure.authority_url, azure.ca_file)


@pytest.fixture
def owner(azure):
    return owner_of(azure.arm_url, azure.ca_file, SUBSCRIPTION)


@pytest.fixture
def run(azure, tmp_path):
    """Run a command on a file: ``run("apply", "--location", "eastus")``."""
    file = tmp_path / "enclave-account.json"
    file.write_text(json.dumps(TEMPLATE))

    def start(command, *arguments):
        files = [str(file)] if command == "apply" else []
        place = ("--subscription", SUBSCRIPTION, "--arm-url", azure.arm_url, "--ca", azure.ca_file)
        return main([command, *files, *place, *arguments])

    return start


def test_a_template_is_applied_with_the_owners_own_credentials(azure, owner, where):
    applied = apply_template(
        *where, owner, "eastus", json.dumps(TEMPLATE), "account", {"place": "westeurope"}
    )

    assert (applied.state, applied.outputs) == ("Succeeded", {"place": "westeurope"})
    assert azure.world.get(GROUP)["location"] == "westeurope"
    delete_deployment(*where, owner, "account")


def test_what_a_deployment_made_is_removed_again(azure, owner, where):
    apply_template(*where, owner, "eastus", json.dumps(TEMPLATE), "account")

    gone = delete_deployment(*where, owner, "account")

    assert (gone, azure.world.get(GROUP), azure.world.deployments) == ([GROUP], None, {})


def test_a_template_that_is_refused_says_why(owner, where):
    wrong = json.dumps({**TEMPLATE, "functions": []})

    with pytest.raises(SandboxError, match="Could not find member 'functions'") as refusal:
        apply_template(*where, owner, "eastus", wrong, "account")

    assert refusal.value.code == "InvalidTemplate"


def test_a_wrong_secret_opens_nothing(azure, owner, where):
    stranger = type(owner)(owner.subscription_id, owner.directory_id, owner.client_id, "guessed")

    with pytest.raises(SandboxError):
        apply_template(*where, stranger, "eastus", json.dumps(TEMPLATE), "account")

    assert azure.world.get(GROUP) is None


def test_a_subscription_that_the_sandbox_does_not_have_has_no_owner(azure):
    with pytest.raises(SandboxError, match="The sandbox has no subscription"):
        owner_of(azure.arm_url, azure.ca_file, DIRECTORY)


def test_a_control_page_that_is_not_there_is_an_error(azure):
    with pytest.raises(SandboxError):
        control(azure.arm_url, azure.ca_file, "GET", "nothing")


def test_apply_prints_what_there_is_to_paste(run, capsys):
    code = run("apply", "--location", "eastus", "--parameters", "place=westus2")

    printed = capsys.readouterr().out.splitlines()
    assert (code, printed[-2:]) == (0, ["enclave-account: Succeeded", "  place = westus2"])
    assert [line.split() for line in printed[:-3]] == [
        ["Succeeded", "Microsoft.Resources/resourceGroups", "enclave"]
    ]
    run("delete", "--name", "enclave-account")


def test_apply_prints_each_reason_of_a_failure(run, capsys):
    code = run("apply", "--location", "eastus", "--name", "other", "--parameters", "place=mars")

    told = capsys.readouterr().err.splitlines()
    assert code == 1
    assert told[0].startswith(f"LocationNotAvailableForResourceType {GROUP}: ")
    assert told[-1].startswith("DeploymentFailed: At least one resource deployment operation failed.")


def test_delete_tells_what_is_gone(run, azure, capsys):
    run("apply", "--location", "eastus")
    capsys.readouterr()

    code = run("delete", "--name", "enclave-account")

    assert (code, capsys.readouterr().out, azure.world.get(GROUP)) == (0, f"Deleted {GROUP}\n", None)


def test_deleting_what_was_never_applied_is_an_error(run, capsys):
    code = run("delete", "--name", "nothing")

    assert (code, capsys.readouterr().err) == (
        1,
        "\nDeploymentNotFound: Deployment 'nothing' could not be found.\n",
    )


def test_text_that_is_no_json_is_told_so(owner, where):
    with pytest.raises(SandboxError, match="The template is no JSON"):
        apply_template(*where, owner, "eastus", "Resources:", "account")


def test_a_sandbox_that_does_not_run_is_told_so(azure, capsys, tmp_path):
    file = tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    place = ("--subscription", SUBSCRIPTION, "--arm-url", "https://127.0.0.1:1", "--ca", azure.ca_file)

    code = main(["apply", str(file), "--location", "eastus", *place])

    assert code == 1
    assert "The sandbox does not answer at https://127.0.0.1:1/" in capsys.readouterr().err
