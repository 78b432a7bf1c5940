import copy
import uuid
from dataclasses import dataclass

import pytest

from enclaves.blueprints import Binding, blueprint
from sandbox.azure.client import SandboxError, apply_template, delete_deployment
from sandbox.azure.server import EmbeddedAzure

DIRECTORY = "dddd1111-0000-4000-8000-000000000002"
REGION = "eastus"


@dataclass(frozen=True)
class Place:
    zone: str
    region: str
    availability_zone_ids: tuple[str, ...]


PLACE = Place("prod.azure-eastus-az1", REGION, ("eastus-az1",))


@pytest.fixture(scope="module")
def azure():
    with EmbeddedAzure() as azure:
        azure.behaviour.change(throttling=False)
        yield azure


@pytest.fixture
def owner(azure):
    """The administrator of a subscription that nobody has used yet."""
    return azure.add_subscription(str(uuid.uuid4()), DIRECTORY)


@pytest.fixture
def binding(azure, owner):
    subscription = owner.subscription_id
    logical = {physical: zone for zone, physical in azure.world.zones(subscription, REGION).items()}
    return Binding(
        account=subscription,
        registration=str(uuid.uuid4()),
        external_id="",
        portal_principal="",
        image_owner="",
        tenant=str(uuid.uuid4()),
        directory=DIRECTORY,
        facts={"logical_zones": {REGION: logical}},
        issuer="https://portal.example.com",
    )


@pytest.fixture
def where(azure):
    return (azure.arm_url, azure.authority_url, azure.ca_file)


@pytest.fixture
def apply(where, owner):
    """Apply one of our templates: ``apply(text, "zone")``."""

    def start(text, name):
        return apply_template(*where, owner, REGION, text, name)

    return start


@pytest.fixture
def templates(binding):
    """The account's and the zone's, by the names of their deployments."""
    azures = blueprint("azure")
    return {
        "enclave-account": azures.account_template(binding),
        "enclave-zone": azures.zone_template(binding, PLACE),
    }


@pytest.fixture
def held(azure, owner):
    """What the subscription holds, by id."""
    return lambda: {each["id"]: each for each in azure.world.under(f"/subscriptions/{owner.subscription_id}")}


def test_both_templates_can_be_applied_and_removed(apply, templates, owner, where, held):
    before = set(held())
    applied = [apply(text, name).state for name, text in templates.items()]

    for name in reversed(templates):
        delete_deployment(*where, owner, name)

    left = sorted(id.rsplit("/", 2)[-2] for id in set(held()) - before)
    # A feature stays registered, and a vault that purges nothing is only put aside.
    assert (applied, left) == (
        ["Succeeded", "Succeeded"],
        ["deletedVaults", "subscriptionFeatureRegistrations"],
    )


def test_what_the_tenant_pastes_is_the_client_id_of_the_observer(apply, templates, binding, held):
    outputs = apply(templates["enclave-account"], "enclave-account").outputs

    path = "enclave/providers/Microsoft.ManagedIdentity/userAssignedIdentities/enclave-observer"
    observer = held()[f"/subscriptions/{binding.account}/resourceGroups/{path}"]
    assert outputs == {"observerClientId": observer["properties"]["clientId"]}


def test_applying_the_same_templates_again_changes_nothing(apply, templates, held):
    for name, text in templates.items():
        apply(text, name)
    before = copy.deepcopy(_facts(held()))

    again = [apply(text, name).state for name, text in templates.items()]

    assert (again, _facts(held())) == (["Succeeded", "Succeeded"], before)


def _facts(resources):
    """Everything but when it was last written."""
    facts = {}
    for id, each in resources.items():
        properties = {k: v for k, v in each["properties"].items() if k != "lastModifiedTime"}
        facts[id] = {**each, "systemData": None, "properties": properties}
    return facts


def test_a_template_is_for_its_own_subscription_only(azure, apply, where, templates):
    stranger = azure.add_subscription(str(uuid.uuid4()), DIRECTORY)

    with pytest.raises(SandboxError, match="not part of the allowed value") as refusal:
        apply_template(*where, stranger, REGION, templates["enclave-account"], "enclave-account")

    assert refusal.value.code == "InvalidTemplate"
    assert azure.world.get(f"/subscriptions/{stranger.subscription_id}/resourceGroups/enclave") is None


def test_a_zone_waits_for_its_account(apply, templates):
    with pytest.raises(SandboxError) as failure:
        apply(templates["enclave-zone"], "enclave-zone")

    assert failure.value.code == "DeploymentFailed"
