"""Deployments by Microsoft's own SDK, unmodified, in this process."""

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from sandbox.azure.azure import Azure
from sandbox.azure.transport import in_process
from tests.sandbox.azure.deployments.conftest import DIRECTORY, SCOPE, SUBSCRIPTION, group, template

DEPLOYMENT = f"{SCOPE}/providers/Microsoft.Resources/deployments/enclave"
GROUP = f"{SCOPE}/resourceGroups/g"
VERSION = "2025-04-01"


@pytest.fixture
def azure():
    return Azure()


@pytest.fixture
def resources(azure):
    """The owner's client."""
    owner = azure.add_subscription(SUBSCRIPTION, DIRECTORY)
    transport = in_process(azure)
    secret = owner.client_secret
    credential = ClientSecretCredential(
        DIRECTORY, owner.client_id, secret, disable_instance_discovery=True, transport=transport
    )
    with ResourceManagementClient(
        credential, SUBSCRIPTION, transport=transport, polling_interval=0, retry_total=0
    ) as client:
        yield client.resources


def deploy(resources, what):
    body = {"location": "eastus", "properties": {"mode": "Incremental", "template": what}}
    return resources.begin_create_or_update_by_id(DEPLOYMENT, body, api_version=VERSION).result()


def test_the_sdk_waits_for_a_deployment_and_reads_its_outputs(azure, resources):
    what = f"[reference('{GROUP}', '{VERSION}', 'Full').location]"
    outputs = {"place": {"type": "string", "value": what}}

    done = deploy(resources, template(group(), outputs=outputs))

    assert done.properties["provisioningState"] == "Succeeded"
    assert done.properties["outputs"] == {"place": {"type": "String", "value": "eastus"}}
    assert azure.world.get(GROUP) is not None


def test_the_sdk_raises_for_a_deployment_that_failed(resources):
    with pytest.raises(HttpResponseError) as failure:
        deploy(resources, template(group(location="mars")))

    (detail,) = failure.value.error.details
    assert (failure.value.error.code, detail.code) == (
        "DeploymentFailed",
        "LocationNotAvailableForResourceType",
    )


def test_the_sdk_raises_for_a_template_that_is_refused(azure, resources):
    with pytest.raises(HttpResponseError) as refusal:
        deploy(resources, template(group(), group()))

    assert (refusal.value.status_code, refusal.value.error.code) == (400, "InvalidTemplate")
    assert azure.world.get(GROUP) is None


def test_the_sdk_reads_operations_and_deletes_the_record(resources):
    deploy(resources, template(group()))

    listed = resources.get_by_id(f"{DEPLOYMENT}/operations", api_version=VERSION)["value"]
    resources.begin_delete_by_id(DEPLOYMENT, api_version=VERSION).result()

    assert [item["properties"]["targetResource"]["id"] for item in listed] == [GROUP]
    with pytest.raises(HttpResponseError, match="could not be found"):
        resources.get_by_id(DEPLOYMENT, api_version=VERSION)


def test_another_version_of_the_api_is_refused(resources):
    with pytest.raises(HttpResponseError, match="1999-01-01"):
        resources.get_by_id(DEPLOYMENT, api_version="1999-01-01")
