"""A pretend subscription in which its owner applies our templates."""

import uuid
from dataclasses import dataclass, replace

import pytest

from enclaves.blueprints import Binding, blueprint
from sandbox.azure.client import apply_template, delete_deployment
from sandbox.azure.server import EmbeddedAzure
from tests.enclaves.blueprints.azure.examples import BINDING, PLACE

AZURE = blueprint("azure")


@dataclass(frozen=True)
class Subscription:
    """A subscription that nobody has used before, and what its owner does there."""

    azure: EmbeddedAzure
    binding: Binding

    @classmethod
    def new(cls, azure):
        account = str(uuid.uuid4())
        azure.add_subscription(account, BINDING.directory)
        logical = {physical: number for number, physical in azure.world.zones(account, PLACE.region).items()}
        facts = {"logical_zones": {PLACE.region: logical}}
        return cls(azure, replace(BINDING, account=account, registration=str(uuid.uuid4()), facts=facts))

    def apply_account(self):
        return self._apply(AZURE.account_template(self.binding), AZURE.commands())

    def apply_zone(self, place=PLACE, **parameters):
        return self._apply(AZURE.zone_template(self.binding, place), AZURE.commands(place), parameters)

    def remove(self, place=None):
        """Remove a zone, or what the account template made."""
        return delete_deployment(*self._where, AZURE.commands(place).name)

    def need(self, resource_id):
        return self.azure.world.need(resource_id)

    def _apply(self, text, how, parameters=None):
        return apply_template(*self._where, how.region, text, how.name, parameters)

    @property
    def _where(self):
        owner = self.azure.owners[self.binding.account]
        return self.azure.arm_url, self.azure.authority_url, self.azure.ca_file, owner


@pytest.fixture(scope="module")
def azure():
    with EmbeddedAzure() as running:
        running.behaviour.throttling = False
        yield running


@pytest.fixture
def subscription(azure):
    """A subscription in which the account template was applied."""
    made = Subscription.new(azure)
    made.apply_account()
    return made


@pytest.fixture(scope="module")
def enclave(azure):
    """A subscription in which both templates were applied, for tests that change nothing there."""
    made = Subscription.new(azure)
    made.apply_account()
    made.apply_zone()
    return made
