"""Looks of staff into tenants: they change nothing, and what cannot be told is not shown."""

import pytest
from django.db import IntegrityError, InternalError, connections, transaction

from tenants import audit
from tenants.looks import looking
from tenants.models import AuditEvent, AuditHead, Membership, Tenant
from tenants.policy import StaffRole
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])


@pytest.fixture
def support(staff):
    return staff(StaffRole.SUPPORT)


def told(tenant):
    return AuditEvent.objects.using("system").filter(tenant=tenant, action="staff.looked")


def test_a_look_is_told_to_the_tenant_in_its_chain(support, acme):
    with looking(support) as looks:
        tenant = Tenant.objects.using("system").get(name="acme")
        looks.into(tenant, tenant)

    event = told(acme).get()
    assert (event.actor_kind, event.actor_id, event.subject_kind, event.subject) == (
        "staff",
        support.id,
        "tenant",
        "acme",
    )
    with tenant_scope(acme.pk):
        assert AuditHead.objects.get().count == event.sequence


def test_what_was_seen_of_many_tenants_is_told_to_each(support, acme, globex):
    with looking(support) as looks:
        looks.at_list("members", Membership.objects.using("system").order_by("joined_at"))

    assert [told(tenant).get().subject for tenant in (acme, globex)] == ["members", "members"]


def test_nothing_is_told_when_nothing_was_shown(support, acme):
    def break_off():
        with looking(support) as looks:
            looks.into(acme, acme)
            raise KeyError

    with pytest.raises(KeyError):
        break_off()

    assert not told(acme).exists()


def test_a_look_that_cannot_be_told_fails(support, acme):
    full = "ALTER TABLE tenants_auditevent ADD CONSTRAINT disk_is_full CHECK (action <> 'staff.looked')"

    def look():
        with looking(support) as looks:
            looks.into(acme, acme)

    with connections["default"].cursor() as cursor:
        cursor.execute(full)
        try:
            with pytest.raises(IntegrityError, match="disk_is_full"):
                look()
        finally:
            cursor.execute("ALTER TABLE tenants_auditevent DROP CONSTRAINT disk_is_full")


@pytest.mark.parametrize(
    "change",
    [
        lambda: Tenant.objects.using("system").update(title="ours"),
        lambda: Membership.objects.using("system").all().delete(),
        lambda: AuditHead.objects.using("system").update(count=0),
    ],
)
def test_a_look_changes_nothing(support, acme, change):
    with pytest.raises(InternalError, match="read-only transaction"), looking(support):
        change()

    assert Tenant.objects.using("system").get().title == ""


def test_the_connection_takes_changes_again_afterwards(support, acme):
    with looking(support):
        pass

    with connections["system"].cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",)


def test_several_who_look_leave_one_chain(support, staff, acme):
    for who in (support, staff(StaffRole.APPROVER), staff(StaffRole.OPERATOR)):
        with looking(who) as looks:
            looks.into(acme, acme)

    with transaction.atomic(), tenant_scope(acme.pk):
        assert audit.verify(acme).problem == ""
    assert told(acme).count() == 3
