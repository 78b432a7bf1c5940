from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from enclaves.models import Work
from enclaves.providers.base import ProviderError, Trouble
from enclaves.provisioning import work
from enclaves.provisioning.work import Claimed, LostLease
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

SUBJECT = uuid4()


def ask(tenant, subject=SUBJECT, **options):
    with tenant_scope(tenant.pk):
        work.ask(tenant.pk, Work.Kind.VERIFY, subject, **options)


def expire(tenant):
    with tenant_scope(tenant.pk):
        Work.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_is_asked_for_twice_is_done_once(acme):
    ask(acme)
    ask(acme)

    assert work.claim().subject == SUBJECT
    assert work.claim() is None


def test_work_of_a_worker_that_died_is_taken_over(acme):
    ask(acme)
    dead = work.claim()
    expire(acme)

    heir = work.claim()
    assert (heir.id, heir.fence, heir.attempts) == (dead.id, dead.fence + 1, 2)


def test_a_worker_that_comes_back_from_the_dead_is_refused(acme):
    ask(acme)
    dead = work.claim()
    expire(acme)
    heir = work.claim()

    with tenant_scope(acme.pk):
        with pytest.raises(LostLease):
            dead.keep()
        dead.release(look_again_at=timezone.now())
        heir.keep()
    assert work.claim() is None


def test_a_wish_that_arrives_while_the_work_is_in_hand_is_not_lost(acme):
    ask(acme)
    claimed = work.claim()
    ask(acme)
    assert work.claim() is None

    with tenant_scope(acme.pk):
        claimed.release(look_again_at=None)
    assert work.claim().subject == SUBJECT


def test_work_that_is_done_rests_until_it_is_due(acme):
    ask(acme)
    with tenant_scope(acme.pk):
        work.claim().release(look_again_at=timezone.now() + timedelta(minutes=10))

    assert (work.claim(), work.count_due()) == (None, 0)


def test_what_a_person_waits_for_goes_first(acme):
    ask(acme, uuid4())
    wanted = uuid4()
    ask(acme, wanted, urgent=True)

    assert work.claim(urgent_only=True).subject == wanted
    assert work.claim(urgent_only=True) is None
    assert work.claim() is not None


def test_a_tenant_with_much_work_does_not_starve_another(acme, globex):
    for _ in range(5):
        ask(acme, uuid4())
    ask(globex)

    first, second = work.claim(), work.claim()
    assert {first.tenant_id, second.tenant_id} == {acme.pk, globex.pk}


@pytest.mark.parametrize(
    ("attempts", "wanted", "seconds"),
    [
        (1, (), 10),
        (1, (None,), 10),
        (1, (40.0, 7.0), 40),
        (3, (7.0,), 40),
        (9, (), 300),
        (1, (86_400.0,), 300),
    ],
)
def test_after_an_error_the_next_look_is_no_sooner_than_the_cloud_wants(attempts, wanted, seconds):
    claimed = Claimed(uuid4(), uuid4(), "verify", uuid4(), 1, attempts)
    errors = [ProviderError("Slow down.", trouble=Trouble.THROTTLED, retry_after=one) for one in wanted]

    again = work.later(claimed, *errors) - timezone.now()

    assert round(again.total_seconds()) == seconds
