import json
from collections.abc import Iterator

import pytest

from portal.pretending import DIRECTORIES, GLOBEX_SUBSCRIPTION
from portal.runtime.certificates import Authority
from portal.runtime.readiness import free_port
from portal.runtime.sandbox import SandboxAzure, SandboxIdp, SandboxRefused

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
    "outputs": {"answer": {"type": "string", "value": "42"}},
}


@pytest.fixture
def azure(tmp_path, supervisor) -> Iterator[SandboxAzure]:
    """The pretend Azure as the demo starts it."""
    authority = Authority(tmp_path / "certificates")
    sandbox = SandboxAzure(free_port(), authority.ca_file)
    supervisor.start(sandbox.program(DIRECTORIES, authority.certify("azure")))
    return sandbox


def test_the_pretend_azure_holds_the_subscriptions_of_the_demo(azure):
    found = {one["subscription_id"]: one["directory_id"] for one in azure.subscriptions()}

    assert found == DIRECTORIES


def test_an_owners_template_gives_its_outputs(azure):
    outputs = azure.deploy(GLOBEX_SUBSCRIPTION, "eastus", "enclave-account", json.dumps(TEMPLATE))

    assert outputs == {"answer": "42"}


def test_a_template_that_azure_refuses_says_why(azure):
    wrong = {**TEMPLATE, "resources": [{"type": "Foo.Bar/bazs", "apiVersion": "2020-01-01", "name": "baz"}]}

    with pytest.raises(SandboxRefused, match=r"Foo\.Bar"):
        azure.deploy(GLOBEX_SUBSCRIPTION, "eastus", "wrong", json.dumps(wrong))


@pytest.fixture
def idp(supervisor) -> SandboxIdp:
    """The pretend identity provider as the demo starts it."""
    sandbox = SandboxIdp(free_port())
    supervisor.start(sandbox.program("http://localhost/back/", {"ada@acme.example": "Ada Admin"}))
    return sandbox


def page_of(idp: SandboxIdp) -> str:
    asked = "response_type=code&scope=openid&code_challenge_method=S256&code_challenge=x"
    return f"{idp.issuer}/authorize?client_id={idp.client_id}&redirect_uri=http://localhost/back/&{asked}"


def test_who_has_an_account_is_sent_back_with_a_code(idp):
    assert idp.sign_in(page_of(idp), "ada@acme.example").startswith("http://localhost/back/?code=")


def test_who_has_none_is_not(idp):
    with pytest.raises(SandboxRefused, match="does not let eve@"):
        idp.sign_in(page_of(idp), "eve@acme.example")
