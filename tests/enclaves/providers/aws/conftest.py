"""The pretend AWS, and accounts of tenants in it. Each test finds its account as if nobody had used it."""

import copy
import itertools

import pytest

from sandbox.aws.server import EmbeddedAws
from tests.enclaves.providers.moments import Moment
from tests.enclaves.providers.tenant_account import PLACE, TenantAccount

NUMBERS = itertools.count(300000000000)


@pytest.fixture(scope="session")
def running_portal():
    with EmbeddedAws(portal_account="999900001111") as aws, pytest.MonkeyPatch.context() as patch:
        portal = aws.add_portal()
        patch.setenv("AWS_ACCESS_KEY_ID", portal.credentials.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", portal.credentials.secret_access_key)
        yield aws, portal


@pytest.fixture(scope="session")
def standing_enclave(running_portal):
    """An account with both templates, which are too dear to apply for each test."""
    aws, portal = running_portal
    account = TenantAccount(aws, portal, str(next(NUMBERS)))
    account.apply_account()
    account.apply_zone()
    return account


@pytest.fixture(scope="session")
def before(standing_enclave):
    """The standing enclave before any test."""
    return Moment(standing_enclave.aws, standing_enclave.number)


@pytest.fixture
def enclave(standing_enclave, before, aws):
    """An account with both templates."""
    aws.record.clear()
    yield standing_enclave
    before.come_back()


@pytest.fixture(scope="session")
def proved(standing_enclave, before):
    return standing_enclave.provider().prove_zone(PLACE).resources


@pytest.fixture
def resources(enclave, proved):
    """What the proof of its zone found."""
    enclave.aws.record.clear()
    return copy.deepcopy(proved)


@pytest.fixture
def launch(enclave, resources):
    """Launch a host: ``launch(machine="m7g.large")``."""

    def make(**changes):
        return enclave.provider().launch(PLACE, resources, enclave.order(**changes))

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
def no_waiting(monkeypatch):
    """Let the SDK try again at once."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
