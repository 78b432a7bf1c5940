import pytest
from django.db import IntegrityError, connection, transaction

from tenants.models import Membership, Tenant
from tenants.scope import enter_tenant, enter_user, tenant_scope


def setting(name: str = "app.tenant") -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0] or ""


def test_without_a_tenant_nothing_of_any_tenant_is_seen(acme, globex):
    assert list(Tenant.objects.all()) == []
    assert list(Membership.objects.all()) == []


def test_inside_a_scope_exactly_one_tenant_is_seen(acme, globex):
    with tenant_scope(acme.pk):
        seen = list(Tenant.objects.all())

    assert seen == [acme]


def test_scopes_nest_and_restore_what_was_before(acme, globex):
    with tenant_scope(acme.pk):
        with tenant_scope(globex.pk):
            inner = list(Tenant.objects.all())
        outer = list(Tenant.objects.all())

    assert (inner, outer, setting()) == ([globex], [acme], "")


def test_a_failed_transaction_restores_the_scope_by_its_rollback(acme):
    with pytest.raises(IntegrityError), transaction.atomic(), tenant_scope(acme.pk):
        Tenant.objects.create(pk=acme.pk, name="again")

    assert setting() == ""


def test_a_user_sees_their_own_tenants_before_one_is_chosen(acme, globex, actor):
    somebody = actor("reader").membership.user

    enter_user(somebody.pk)

    assert list(Tenant.objects.all()) == [acme]
    assert [membership.user_id for membership in Membership.objects.all()] == [somebody.pk]


def test_in_one_tenant_a_user_sees_nothing_of_their_other_tenants(acme, globex, actor):
    somebody = actor("reader").membership.user
    with tenant_scope(globex.pk):
        Membership.objects.create(tenant=globex, user=somebody, roles=["reader"])

    enter_user(somebody.pk)
    with tenant_scope(acme.pk):
        seen = set(Membership.objects.values_list("tenant_id", flat=True))

    assert seen == {acme.pk}


@pytest.mark.django_db(transaction=True)
def test_entering_a_tenant_ends_with_the_transaction(acme):
    with transaction.atomic():
        enter_tenant(acme.pk)
        inside = setting()

    assert (inside, setting()) == (str(acme.pk), "")


@pytest.mark.django_db(transaction=True)
def test_a_scope_inside_a_transaction_never_outlives_it(acme, globex):
    with transaction.atomic():
        enter_tenant(acme.pk)
        with tenant_scope(globex.pk):
            pass

    assert setting() == ""


@pytest.mark.django_db(transaction=True)
def test_entering_a_tenant_outside_a_transaction_is_an_error_and_not_a_silent_nothing(acme):
    with pytest.raises(RuntimeError, match="tenant_scope"):
        enter_tenant(acme.pk)
