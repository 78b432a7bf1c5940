"""The cast: two tenants and their people, in a real PostgreSQL with row-level security."""

import os
from typing import Any

import pytest
from celery import current_app
from django.db import connections
from django.test import Client, TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

from enclaves import tasks
from tenants.actors import Shell, StaffActor
from tenants.gate import Actor
from tenants.models import Membership, StaffMember, Tenant, User
from tenants.policy import Role, StaffRole
from tenants.scope import tenant_scope
from tenants.services.staff import add_staff
from tenants.services.tenants import create_tenant
from tests.emptying import forget_everything
from tests.signing_in import TOTP, sign_in

# What stays with one worker, because it shares a demo or a world that is costly to make.
FOLDERS = ("tests/journeys/", "tests/access/")
FILES = (
    "tests/walls/",
    "tests/gateway/",
    "tests/baddays/azure/test_other_tenant.py",
    "tests/baddays/test_hostile_specs.py",
    "tests/baddays/test_other_tenant.py",
)


class Sharing(LoadScopeScheduling):
    """Workers take one test after the other, or one of the above."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in FOLDERS:
            if nodeid.startswith(folder):
                return folder
        return nodeid.partition("::")[0] if nodeid.startswith(FILES) else nodeid


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What one worker has to do alone begins first; the others fill the time beside it.
    for early in (FILES, FOLDERS, FOLDERS[:1]):
        items.sort(key=lambda item, early=early: not item.nodeid.startswith(early))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: Any) -> int:
    # One more than there are cores: who walks a browser or kills workers waits for them half of the time.
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Sharing:
    return Sharing(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """Empty the tables in our way, and close the second way into the database before it is dropped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", forget_everything)
        yield
    connections["system"].close()


@pytest.fixture
def new_user(db):
    """Make a user: ``new_user("ada@acme.example")``."""

    def make(email: str) -> User:
        return User.objects.create_user(email)

    return make


@pytest.fixture
def new_tenant(new_user):
    """Make a tenant with one admin: ``new_tenant("acme")``."""

    def make(name: str) -> Tenant:
        return create_tenant(by=new_user(f"admin@{name}.example"), name=name)

    return make


@pytest.fixture
def acme(new_tenant):
    return new_tenant("acme")


@pytest.fixture
def globex(new_tenant):
    return new_tenant("globex")


@pytest.fixture
def actor(acme, new_user):
    """Make somebody who acts in a tenant: ``actor(Role.DEVELOPER)``, ``actor(Role.ADMIN, globex)``."""

    def make(role: Role, tenant: Tenant = acme) -> Actor:
        email = f"{role}@{tenant.name}.example"
        user = User.objects.filter(email=email).first() or new_user(email)
        with tenant_scope(tenant.pk):
            membership, _ = Membership.objects.get_or_create(
                tenant=tenant, user=user, defaults={"roles": [role]}
            )
            return Actor.of_member(Membership.objects.select_related("tenant", "user").get(pk=membership.pk))

    return make


@pytest.fixture
def staff(db):
    """Make one of the vendor's people: ``staff(StaffRole.SUPPORT)``, with a name to tell two apart."""

    def make(role: StaffRole, name: str = "") -> StaffActor:
        email = f"{name or role}@vendor.example"
        known = StaffMember.objects.select_related("user").filter(user__email=email).first()
        return StaffActor.of(known or add_staff(email, [role], name=f"{name or role} person", by=Shell()))

    return make


@pytest.fixture
def staff_browser(staff):
    """A browser of staff, with the second factor given: ``staff_browser(StaffRole.SUPPORT)``."""

    def make(role: StaffRole, **how: Any) -> Client:
        return sign_in(Client(), staff(role).member.user, **{"factor": TOTP, **how})

    return make


@pytest.fixture
def in_acme(acme):
    """Let the test itself see acme's rows."""
    with tenant_scope(acme.pk):
        yield acme


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Tests drive the worker themselves; nothing is sent to a broker."""
    monkeypatch.setattr(tasks.look, "apply_async", lambda *args, **options: None)
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)
