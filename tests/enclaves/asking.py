"""People who ask for access and decide on it, for the tests about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enclaves.models import Agent, Host
from enclaves.services import access
from tenants.actors import StaffActor
from tenants.models import StaffMember
from tenants.policy import Role, StaffRole
from tenants.scope import tenant_scope

HOUR = {"reason": "Query latency doubled after revision 14.", "minutes": 60, "ticket": "CASE-20817"}


@pytest.fixture
def staff(new_user):
    """Make one of the vendor's people: ``staff(StaffRole.SUPPORT)``, with a name to tell two apart."""

    def make(role: StaffRole, name: str = "") -> StaffActor:
        user = new_user(f"{name or role}@vendor.example")
        user.is_staff = True
        user.save(update_fields=["is_staff"])
        return StaffActor.of(StaffMember.objects.create(user=user, roles=[role]))

    return make


@pytest.fixture
def hosts(enclave, deploy, work_until_quiet) -> list[Host]:
    """Three hosts of acme's that run."""
    deploy(hosts=3)
    work_until_quiet()
    with tenant_scope(enclave.tenant_id):
        return list(Host.objects.select_related("enclave__account").order_by("number"))


@pytest.fixture
def in_hosts_tenant(hosts):
    """Let the test itself see acme's rows, once the worker is done with what it sees for itself."""
    with tenant_scope(hosts[0].tenant_id):
        yield


@pytest.fixture
def support(staff):
    return staff(StaffRole.SUPPORT)


@pytest.fixture
def approver(staff):
    return staff(StaffRole.APPROVER)


@pytest.fixture
def asked(hosts, support, acme):
    """A request of support for the first two hosts."""
    with tenant_scope(acme.pk):
        return access.ask_access(hosts[:2], by=support, tenant=acme, **HOUR)


@pytest.fixture
def grant(asked, actor, acme):
    """What acme's admin made of it: an hour from now on."""
    with tenant_scope(acme.pk):
        return access.approve_access(asked, by=actor(Role.ADMIN))


@pytest.fixture
def agents(hosts):
    """Agents on all hosts, heard of just now."""
    now = timezone.now()
    lasts = {"enrolled_at": now, "renewed_at": now, "not_after": now + timedelta(hours=1), "seen_at": now}
    with tenant_scope(hosts[0].tenant_id):
        return [
            Agent.objects.create(tenant_id=host.tenant_id, host=host, serial=f"{host.number:x}", **lasts)
            for host in hosts
        ]
