"""What two workers have to tell of the same thing at the same moment."""

import pytest

from tenants.kinds import Kind
from tenants.models import Letter, Notification
from tenants.notifications import clear, notify
from tenants.scope import tenant_scope
from tests.tenants.test_at_once import at_once, in_tenant

pytestmark = pytest.mark.django_db(transaction=True)

HELD = {"kind": Kind.HOST_FAILED, "source": "deployment:1"}


def tell(tenant, title):
    return in_tenant(tenant, lambda: notify(tenant=tenant, title=title, **HELD))


def test_two_who_find_the_same_condition_tell_of_one(acme):
    told = at_once(*[tell(acme, "1 host failed")] * 4)

    assert told == ["done"] * 4
    with tenant_scope(acme.pk):
        assert (Notification.objects.count(), Letter.objects.count()) == (1, 1)


def test_whoever_comes_last_has_the_last_word_and_nobody_is_stuck(acme):
    over = in_tenant(acme, lambda: clear(tenant=acme, **HELD))

    for _ in range(5):
        assert (
            sorted(at_once(tell(acme, "1 host failed"), over, tell(acme, "2 hosts failed"))) == ["done"] * 3
        )

    with tenant_scope(acme.pk):
        assert Notification.objects.filter(ended_at=None).count() <= 1
