"""A world that the tests of one file share: none of them may change it, and this is looked at after each."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery import current_app
from django.db import connections
from pytest_django import DjangoDbBlocker

from enclaves import tasks
from tenants.gate import Actor
from tenants.models import Membership, Tenant, User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tenants import create_tenant
from tests.baddays.snapshot import changed, snapshot
from tests.emptying import forget_everything


@contextmanager
def committed(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a fixture of a whole file fill the database; in the end nothing of it is left."""
    with blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.look, "apply_async", lambda *args, **options: None)
        patch.setattr(current_app, "send_task", lambda *args, **options: None)
        try:
            yield
        finally:
            connections["system"].close()
            forget_everything()


@contextmanager
def unchanged(blocker: DjangoDbBlocker, by: Actor) -> Iterator[None]:
    """Let one test see the shared world, and the rows of this tenant; it leaves what it found."""
    with blocker.unblock(), tenant_scope(by.tenant.pk):
        before = {table: digest for table, digest in snapshot().items() if table.startswith("enclaves_")}
        del before["enclaves_event"]  # pages are told also of what happens to people
        yield
        assert changed(before) == []


def admin_of(name: str) -> Actor:
    """Make a tenant with one admin: ``admin_of("acme")``."""
    user = User.objects.create_user(f"admin@{name}.example")
    return _actor(create_tenant(by=user, name=name), user)


def developer_of(tenant: Tenant) -> Actor:
    user = User.objects.create_user(f"developer@{tenant.name}.example")
    with tenant_scope(tenant.pk):
        Membership.objects.create(tenant=tenant, user=user, roles=[Role.DEVELOPER])
    return _actor(tenant, user)


def _actor(tenant: Tenant, user: User) -> Actor:
    with tenant_scope(tenant.pk):
        return Actor.of_member(Membership.objects.select_related("tenant", "user").get(user=user))
