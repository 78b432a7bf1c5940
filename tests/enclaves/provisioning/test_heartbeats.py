"""Heartbeats of many hosts, any of which may be somebody else's by now."""

import json
import math

import pytest

from enclaves.models import Agent, Host
from enclaves.provisioning.heartbeats import heard

pytestmark = [
    pytest.mark.django_db(databases=["default", "system"], transaction=True),
    pytest.mark.usefixtures("signer"),
]
PLACE = "spiffe://portal.example/t/acme/aws/111122223333/z/prod.aws-us-east-1c/h/"
POISON = {
    "agent": "1.0\0",
    "kernel": "6.1\ud800",
    "os": "x" * 201,
    "load": [0.1, math.nan],
    "uptime": math.inf,
    "disk": 10**400,
    "cage": {"deep": []},
    "many": [1] * 31,
    "a\0b": 1,
    "sshd": "OpenSSH_9.2",
    "free": [0, 1.5],
}


def test_what_one_host_says_is_never_in_the_way_of_the_others(agents, hosts):
    beats = {f"{PLACE}{host.pk}": {"agent": "1.0"} for host in hosts}
    beats[f"{PLACE}{hosts[0].pk}"] = json.loads(json.dumps(POISON))

    assert heard(beats) == []

    first, *others = Agent.objects.order_by("host__number")
    assert (first.facts, first.version) == ({"sshd": "OpenSSH_9.2", "free": [0, 1.5]}, "")
    assert [agent.version for agent in others] == ["1.0", "1.0"]


def test_a_host_that_is_none_of_ours_any_more_is_to_be_let_go(agents, hosts, django_assert_num_queries):
    Host.objects.filter(pk=hosts[0].pk).update(state="deprovisioned")
    Agent.objects.filter(host=hosts[1]).delete()
    ours = f"{PLACE}{hosts[2].pk}"
    wrong = [f"{PLACE}{hosts[0].pk}", f"{PLACE}{hosts[1].pk}", ours.replace("acme", "globex")]

    with django_assert_num_queries(4, using="system"):
        assert heard({ours: {}}) == []
    with django_assert_num_queries(4, using="system"):
        assert heard({name: {} for name in [*wrong, ours]}) == sorted(wrong)
