"""The pretend Azure inside this process, and subscriptions of tenants in it, one for each test."""

import pytest

from sandbox.azure.azure import Azure
from tests.enclaves.providers.tenant_subscription import PLACE, TenantSubscription, TestIssuer


@pytest.fixture(scope="session")
def running_azure():
    issuer = TestIssuer()
    return Azure(fetch=issuer.fetch), issuer


@pytest.fixture
def azure(running_azure):
    azure, issuer = running_azure
    issuer.signed.clear()
    azure.behaviour.throttling = False
    yield azure
    azure.reset()


@pytest.fixture
def empty_subscription(azure, running_azure):
    """A subscription in which nobody applied anything yet."""
    return TenantSubscription(azure, running_azure[1])


@pytest.fixture
def subscription(empty_subscription):
    """A subscription with the account template."""
    empty_subscription.apply_account()
    empty_subscription.azure.record.clear()
    return empty_subscription


@pytest.fixture
def enclave(subscription):
    """A subscription with both templates."""
    subscription.apply_zone()
    subscription.azure.record.clear()
    return subscription


@pytest.fixture
def resources(enclave):
    """What the proof of its zone found."""
    found = enclave.provider().prove_zone(PLACE).resources
    enclave.azure.record.clear()
    return found


@pytest.fixture
def launch(enclave, resources):
    """Launch a host: ``launch(machine="Standard_D8ps_v5")``."""

    def make(**changes):
        return enclave.provider().launch(PLACE, resources, enclave.order(**changes))

    return make


@pytest.fixture
def no_waiting(monkeypatch):
    """Let the SDK try again at once."""
    monkeypatch.setattr("azure.core.pipeline.transport._base.time.sleep", lambda seconds: None)
