"""People of acme in front of a browser without script."""

import pytest
from django.test import Client

from tenants.policy import Role
from tests.signing_in import sign_in

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def browse(actor):
    """Sign somebody in: ``browse(Role.READER).get(…)``."""

    def make(role: Role, *tenant) -> Client:
        return sign_in(Client(), actor(role, *tenant).membership.user)

    return make


@pytest.fixture
def browser(browse):
    return browse(Role.ADMIN)


@pytest.fixture
def queries(django_assert_max_num_queries):
    """Count the queries of a page: ``queries(browser, "/t/acme/hosts/")``."""

    def count(client: Client, url: str) -> int:
        with django_assert_max_num_queries(40) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count
