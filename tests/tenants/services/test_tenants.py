import pytest
from django.core.exceptions import ValidationError

from tenants import audit
from tenants.errors import Forbidden
from tenants.models import Membership, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tenants import create_tenant, freeze_tenant, unfreeze_tenant


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def test_who_makes_a_tenant_becomes_its_admin(new_user):
    ada = new_user("ada@acme.example")

    tenant = create_tenant("acme", "Acme Limited", by=ada)

    with tenant_scope(tenant.pk):
        assert [(member.user, member.roles) for member in Membership.objects.all()] == [(ada, ["admin"])]
        assert actions(tenant) == ["tenant.created"]


@pytest.mark.parametrize(
    "name", ["", "a", "Acme", "9lives", "acme.example", "a" * 32, "acme\n", "äcme", "-acme"]
)
def test_a_tenant_needs_a_name_that_is_a_slug(new_user, name):
    if name.strip() != name:
        name = f"ac{name}me"

    with pytest.raises(ValidationError) as refusal:
        create_tenant(name, by=new_user("ada@acme.example"))

    assert list(refusal.value.message_dict) == ["name"]


def test_a_name_that_is_taken_is_told(acme, new_user):
    with pytest.raises(ValidationError, match="The name acme is taken"):
        create_tenant("acme", by=new_user("eve@globex.example"))


def test_a_freeze_holds_until_it_is_lifted(in_acme, actor):
    by = actor(Role.ADMIN)

    freeze_tenant(by=by)
    freeze_tenant(by=by)
    frozen = Tenant.objects.get().frozen_at
    unfreeze_tenant(by=by)

    assert frozen is not None
    assert Tenant.objects.get().frozen_at is None
    assert actions(in_acme)[1:] == ["tenant.frozen", "tenant.unfrozen"]


def test_only_an_admin_freezes(in_acme, actor):
    with pytest.raises(Forbidden):
        freeze_tenant(by=actor(Role.DEVELOPER))

    assert Tenant.objects.get().frozen_at is None
