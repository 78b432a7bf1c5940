"""A fleet: two tenants, each with an account, an enclave and hosts of its own."""

from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enclaves.models import Enclave, Host
from enclaves.services import accounts, deployments, enclaves
from tenants.models import AuditEvent, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tests.enclaves.conftest import ZONE, spec_text


@pytest.fixture
def furnish(zones, cloud, actor, work_until_quiet) -> Callable[[Tenant, str], None]:
    """Give a tenant an account, an enclave and two hosts: ``furnish(globex, "444455556666")``."""

    def make(tenant: Tenant, number: str) -> None:
        admin, account = actor(Role.ADMIN, tenant), f"aws:{number}"
        with tenant_scope(tenant.pk):
            registered = accounts.register_account(by=admin, account=account, title=f"{tenant.name}'s own")
            enclaves.create_enclave(registered, by=admin, zone=ZONE)
        work_until_quiet()
        with tenant_scope(tenant.pk):
            revision = deployments.submit_spec(by=admin, source=spec_text(2, account=account))
            deployments.apply_plan(revision, by=admin, plan_hash=revision.plan_hash)
        work_until_quiet()
        # The fake cloud is one account, and shows each tenant the machines of the others too.
        Enclave.objects.using("system").update(unexplained=[])

    return make


@pytest.fixture
def fleet(furnish, acme, globex) -> tuple[Tenant, Tenant]:
    furnish(acme, "111122223333")
    furnish(globex, "444455556666")
    return acme, globex


@pytest.fixture
def looks() -> Callable[[Tenant], list[AuditEvent]]:
    """The looks of staff that a tenant was told of, oldest first."""

    def read(tenant: Tenant) -> list[AuditEvent]:
        found = AuditEvent.objects.using("system").filter(tenant=tenant, action="staff.looked")
        return list(found.order_by("sequence"))

    return read


@pytest.fixture
def text_of() -> Callable[[Client, str], str]:
    def read(client: Client, url: str) -> str:
        answer = client.get(url)
        assert answer.status_code == 200
        return answer.text

    return read


@pytest.fixture
def host_of() -> Callable[[Tenant], Host]:
    return lambda tenant: Host.objects.using("system").filter(tenant=tenant).order_by("number").first()


@pytest.fixture
def count_queries() -> Callable[[Client, str], int]:
    """How many queries a page makes, on both connections."""

    def count(client: Client, url: str) -> int:
        with (
            CaptureQueriesContext(connections["default"]) as one,
            CaptureQueriesContext(connections["system"]) as other,
        ):
            assert client.get(url).status_code == 200
        return len(one) + len(other)

    return count
