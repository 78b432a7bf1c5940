"""The pretend AWS, and accounts of tenants in it. Each test takes an account of its own."""

import itertools

import pytest

from sandbox.aws.server import EmbeddedAws
from tests.enclaves.providers.tenant_account import PLACE, TenantAccount

NUMBERS = itertools.count(300000000000)


@pytest.fixture(scope="session")
def running_portal():
    with EmbeddedAws(portal_account="999900001111") as aws, pytest.MonkeyPatch.context() as patch:
        portal = aws.add_portal()
        patch.setenv("AWS_ACCESS_KEY_ID", portal.credentials.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", portal.credentials.secret_access_key)
        yield aws, portal


@pytest.fixture(scope="module")
def standing_enclave(running_portal):
    """An account with both templates, for tests that change nothing but its machines."""
    aws, portal = running_portal
    account = TenantAccount(aws, portal, str(next(NUMBERS)))
    account.apply_account()
    account.apply_zone()
    return account


@pytest.fixture
def hosting(standing_enclave, aws):
    """The standing enclave without any machine."""
    yield standing_enclave
    standing_enclave.end_all()


@pytest.fixture
def resources(hosting):
    """What the proof of its zone found."""
    found = hosting.provider().prove_zone(PLACE).resources
    hosting.aws.record.clear()
    return found


@pytest.fixture
def launch(hosting, resources):
    """Launch a host: ``launch(machine="m7g.large")``."""

    def make(**changes):
        return hosting.provider().launch(PLACE, resources, hosting.order(**changes))

    return make


@pytest.fixture
def aws(running_portal):
    aws, _ = running_portal
    yield aws
    aws.reset()


@pytest.fixture
def empty_account(aws, running_portal):
    """An account in which nobody applied anything yet."""
    account = TenantAccount(aws, running_portal[1], str(next(NUMBERS)))
    aws.add_account(account.number)
    return account


@pytest.fixture
def account(empty_account):
    """An account with the account template."""
    empty_account.apply_account()
    return empty_account


@pytest.fixture
def enclave(account):
    """An account with both templates."""
    account.apply_zone()
    account.aws.record.clear()
    return account


@pytest.fixture
def no_waiting(monkeypatch):
    """Let the SDK try again at once."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
