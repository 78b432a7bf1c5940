"""The same over sockets and TLS, as a worker speaks to the sandbox of a demo."""

from dataclasses import replace

import pytest

from enclaves.providers.azure import AzureProvider
from enclaves.providers.base import Outcome
from sandbox.azure.server import EmbeddedAzure
from tests.enclaves.providers.tenant_account import outcomes, wrong
from tests.enclaves.providers.tenant_subscription import PLACE, TenantSubscription, TestIssuer


@pytest.fixture(scope="module")
def served():
    """A subscription with both templates, behind a port."""
    issuer = TestIssuer()
    with EmbeddedAzure() as azure:
        azure.federation.fetch = issuer.fetch
        subscription = TenantSubscription(azure, issuer)
        subscription.apply_account()
        subscription.apply_zone()
        yield subscription


@pytest.fixture
def config(served):
    azure = served.azure
    return replace(
        served.config,
        authority_url=azure.authority_url,
        arm_url=azure.arm_url,
        ca_file=azure.ca_file,
        transport=None,
    )


def test_a_subscription_is_proved_and_a_machine_lives_and_ends(served, config):
    provider = AzureProvider(served.claim, config)

    assert wrong(provider.prove_account()) == {}
    host = provider.launch(PLACE, provider.prove_zone(PLACE).resources, served.order())
    provider.follow(PLACE, host.operation)

    assert [each.instance_id for each in provider.list_hosts(PLACE)] == [host.instance_id]
    provider.terminate(PLACE, [host.instance_id])
    assert provider.list_hosts(PLACE) == []


def test_a_server_that_nobody_vouches_for_gets_neither_assertion_nor_token(served, config, no_waiting):
    served.azure.record.clear()
    provider = AzureProvider(served.claim, replace(config, ca_file=None))

    findings = list(provider.prove_account())

    assert findings[0].outcome == Outcome.UNKNOWN
    assert served.azure.record.calls() == []


def test_nobody_there_is_no_answer(served, config, no_waiting):
    provider = AzureProvider(served.claim, replace(config, authority_url="https://127.0.0.1:1"))

    findings = outcomes(provider.prove_account())

    assert (findings["observer-answers"], findings["canary-tenant"]) == ("unknown", "unknown")
