"""People and programs that knock at the gate."""

import re
from collections.abc import Callable
from datetime import timedelta
from os import environ

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from tenants import letters
from tenants.letters import queue
from tenants.models import ApiToken, ServiceAccount, User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.service_accounts import create_service_account
from tenants.services.tokens import create_token
from tests.signing_in import sign_in
from tests.tenants.signon.providers import new_provider, provider, provider_key, set_up, visitor  # noqa: F401


@pytest.fixture
def browser(actor) -> Callable[..., Client]:
    """A browser in which somebody is signed in: ``browser(Role.READER)``, ``browser(Role.ADMIN, globex)``."""

    def make(*who) -> Client:
        return sign_in(Client(), actor(*who).membership.user)

    return make


@pytest.fixture
def token_of(actor) -> Callable[..., tuple[ApiToken, str]]:
    """Make a personal token of an admin: ``token_of(Role.READER)``."""

    def make(role: Role, *where, name: str = "ci") -> tuple[ApiToken, str]:
        by = actor(Role.ADMIN, *where)
        with tenant_scope(by.tenant_id):
            return create_token(name, [role], timezone.now() + timedelta(days=7), by=by)

    return make


@pytest.fixture
def machine(actor) -> Callable[..., ServiceAccount]:
    """Make a service account: ``machine(Role.READER)``, ``machine(Role.READER, globex, name="deploy")``."""

    def make(role: Role, *where, name: str = "robot") -> ServiceAccount:
        by = actor(Role.ADMIN, *where)
        with tenant_scope(by.tenant_id):
            return create_service_account(name, [role], by=by)

    return make


@pytest.fixture
def api(token_of) -> Callable[..., Client]:
    """A program with a token: ``api(Role.READER).get(…)``."""

    def make(*who) -> Client:
        return Client(headers={"Authorization": f"Bearer {token_of(*who)[1]}"})

    return make


@pytest.fixture
def proven(new_user) -> Callable[..., User]:
    """Make a user who has confirmed their address: ``proven("bob@acme.example")``."""

    def make(email: str) -> User:
        user = new_user(email)
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
        return user

    return make


@pytest.fixture
def deliver(acme, monkeypatch) -> Callable[[], int]:
    """Be the worker that sends acme's letters, inside the transaction of the test: ``deliver()``."""
    monkeypatch.setattr(queue, "ROLE", "default")

    def work() -> int:
        with tenant_scope(acme.pk):
            return letters.deliver_due()

    return work


@pytest.fixture
def posted(mailoutbox, deliver) -> Callable[..., str]:
    """Do something that sends a letter, and return the secret in its link: ``posted(invite_member, …)``."""

    def send(work, *given, **named) -> str:
        work(*given, **named)
        deliver()
        return re.search(r"/invitation/([\w-]+)/", mailoutbox[-1].body)[1]

    return send


@pytest.fixture
def as_app(transactional_db):
    """A raw connection as the role that serves and works, past Django and past our code."""
    connection.ensure_connection()
    url = environ["DATABASE_URL"]
    with psycopg.connect(url, dbname=connection.settings_dict["NAME"], autocommit=True) as raw:
        yield raw


@pytest.fixture
def queries(django_assert_num_queries):
    return django_assert_num_queries


@pytest.fixture
def at_most(django_assert_max_num_queries):
    return django_assert_max_num_queries
