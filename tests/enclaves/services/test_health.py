from datetime import timedelta

import pytest
from django.utils import timezone

from enclaves.models import Agent, Host
from enclaves.services.health import STATES, health_of
from portal.states import look_of

FACTS = {"load": [0.5, 0.25, 1], "disk_total_bytes": 1000, "disk_free_bytes": 940, "uptime_seconds": 7200}


def agent(**told):
    return Agent(**{"seen_at": timezone.now(), "facts": FACTS, "version": "0.1.0", **told})


def health(told=None, state="active"):
    host = Host(state=state)
    if told is not None:
        told.host = host
        host.agent = told
    return health_of(host)


@pytest.mark.django_db
def test_a_host_is_heard_of_silent_never_enrolled_on_its_way_or_gone():
    long_ago = timezone.now() - timedelta(minutes=2)

    states = [
        health(agent()).state,
        health(agent(seen_at=long_ago)).state,
        health(state="provisioned").state,
        health().state,
        health(agent(), state="deprovisioned").state,
    ]

    assert states == ["heard", "silent", "waiting", "never", "gone"] == list(STATES)
    assert [look_of("agent", state).word for state in states][2:4] == ["not enrolled yet", "never enrolled"]


def test_what_it_told_is_read_as_figures():
    told = health(agent())

    assert (told.load, told.disk_used, told.disk_total, told.up) == (
        [0.5, 0.25, 1.0],
        6,
        1000,
        timedelta(hours=2),
    )


@pytest.mark.parametrize(
    "facts",
    [
        {},
        [],
        {"load": "high", "disk_total_bytes": "x", "disk_free_bytes": 1, "uptime_seconds": None},
        {"load": [None, "x"], "disk_total_bytes": 0, "disk_free_bytes": 0, "uptime_seconds": -1},
        {"load": [True], "disk_total_bytes": True, "disk_free_bytes": 1, "uptime_seconds": True},
    ],
)
def test_nonsense_of_a_machine_that_may_be_anybodys_is_left_out(facts):
    told = health(agent(facts=facts))

    assert (told.load, told.disk_used, told.up, told.runs) == ([], None, None, [])
