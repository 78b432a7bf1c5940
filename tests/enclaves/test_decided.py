"""What was decided about access stays decided: the database itself refuses anything else."""

import re
from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.lifecycle import ACCESS_MOVES, AccessState
from enclaves.models import AccessHost, AccessRequest
from enclaves.services import access
from tenants.policy import Role

HOUR = timedelta(hours=1)


def test_the_database_knows_the_same_moves_as_the_lifecycle(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'enclaves_access_decisions'")
        (text,) = cursor.fetchone()

    known = set(re.findall(r"\('(\w+)', '(\w+)'\)", text))

    assert known == {
        (one, other) for one, other in product(AccessState, AccessState) if other in ACCESS_MOVES[one]
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "approved"},
        {"state": "active"},
        {"state": "requested"},
        {"decided_by": None, "decided_at": None},
        {"minutes_given": 30},
        {"ends_at": timezone.now() + HOUR},
    ],
    ids=" ".join,
)
def test_a_no_stays_a_no(asked, actor, changes):
    access.deny_access(asked, by=actor(Role.ADMIN))
    before = AccessRequest.objects.values().get()

    with pytest.raises(IntegrityError), atomic():
        AccessRequest.objects.update(**changes)

    assert AccessRequest.objects.values().get() == before


@pytest.mark.parametrize(
    "what", ["ends_at", "minutes_given", "decided_by", "person", "minutes_asked", "name"]
)
def test_what_was_granted_cannot_be_stretched(grant, actor, what):
    wanted = {
        "ends_at": grant.ends_at + HOUR,
        "minutes_given": 45,
        "decided_by": actor(Role.READER).membership.user,
        "person": actor(Role.READER).membership.user,
        "minutes_asked": 600,
        "name": "grant-other",
    }

    with pytest.raises(IntegrityError), atomic():
        AccessRequest.objects.update(**{what: wanted[what]})


def test_nothing_begins_as_a_grant(asked):
    row = AccessRequest.objects.values().get()
    now = timezone.now()
    made = {
        **row,
        "id": None,
        "name": "grant-made",
        "state": "active",
        "begins_at": now,
        "ends_at": now + HOUR,
    }

    with pytest.raises(IntegrityError, match="begins as a wish"), atomic():
        AccessRequest.objects.create(**{**made, "decided_at": now})


def test_no_host_joins_a_grant_and_none_is_exchanged(grant, hosts):
    with pytest.raises(IntegrityError, match="Hosts are named"), atomic():
        AccessHost.objects.create(tenant=grant.tenant, request=grant, host=hosts[2])
    with pytest.raises(IntegrityError, match="Hosts are named"), atomic():
        AccessHost.objects.filter(host=hosts[0]).update(host=hosts[2])
