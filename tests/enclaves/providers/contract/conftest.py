"""Both clouds, pretended; each test of the contract runs on each of them."""

import pytest

from sandbox.aws.server import EmbeddedAws
from sandbox.azure.azure import Azure
from tests.enclaves.providers.contract.clouds import AwsCloud, AzureCloud
from tests.enclaves.providers.tenant_subscription import TestIssuer


@pytest.fixture(scope="session")
def pretended_aws():
    with EmbeddedAws(portal_account="999900001111") as aws, pytest.MonkeyPatch.context() as patch:
        portal = aws.add_portal()
        patch.setenv("AWS_ACCESS_KEY_ID", portal.credentials.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", portal.credentials.secret_access_key)
        yield lambda: AwsCloud(aws, portal)


@pytest.fixture(scope="session")
def pretended_azure():
    issuer = TestIssuer()
    azure = Azure(fetch=issuer.fetch)
    return lambda: AzureCloud(azure, issuer)


@pytest.fixture(scope="module", params=["aws", "azure"])
def make_cloud(request):
    """Make an account of a new tenant, in which nobody applied anything yet."""
    return request.getfixturevalue(f"pretended_{request.param}")


@pytest.fixture(scope="module")
def standing(make_cloud):
    """An account with both templates, for tests that change nothing but its machines."""
    cloud = make_cloud()
    cloud.account.apply_account()
    cloud.account.apply_zone()
    return cloud


@pytest.fixture
def cloud(standing):
    standing.clear()
    yield standing
    standing.clear()


@pytest.fixture
def fresh(make_cloud):
    """An account with the account template, for tests that change what it grants and trusts."""
    cloud = make_cloud()
    cloud.clear()
    cloud.account.apply_account()
    yield cloud
    cloud.clear()


@pytest.fixture(scope="module")
def resources(standing):
    return standing.account.provider().prove_zone(standing.place).resources


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Let both SDKs try again at once."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    monkeypatch.setattr("azure.core.pipeline.transport._base.time.sleep", lambda seconds: None)
