import json
import uuid

import pytest

from sandbox.azure.wire import Request


@pytest.fixture
def control(azure):
    """Call a control page: status and body."""

    def call(method, noun, body=None, host="127.0.0.1:1", kind="application/json", **query):
        headers = {"host": host, "content-type": kind}
        raw = b"" if body is None else json.dumps(body).encode()
        given = azure.answer(Request(method, f"/_sandbox/{noun}", query, headers, raw))
        return given.status, json.loads(given.body)

    return call


def test_subscriptions_are_added_and_listed_with_their_owners(azure, control):
    wish = {"subscription_id": str(uuid.uuid4()), "directory_id": str(uuid.uuid4())}

    status, login = control("POST", "subscriptions", wish)

    owner = azure.owners[wish["subscription_id"]]
    assert (status, login) == (
        200,
        {**wish, "client_id": owner.client_id, "client_secret": owner.client_secret},
    )
    assert login in control("GET", "subscriptions")[1]


def test_faults_are_ordered_listed_and_cancelled(azure, control, owner, send):
    wish = {"subscription": owner.subscription_id, "error": "Odd", "times": None}

    waiting = control("POST", "faults", wish)[1]
    struck = send("GET", "/locations").status
    control("DELETE", "faults", {})

    assert ([fault["error"] for fault in waiting], struck) == (["Odd"], 400)
    assert (control("GET", "faults")[1], send("GET", "/locations").status) == ([], 200)


def test_calls_are_shown_by_what_is_wanted(control, owner, send):
    send("GET", "/locations")
    send("GET", "/resourcegroups/none", api="2021-04-01")

    calls = control("GET", "calls", subscription=owner.subscription_id, outcome="ResourceGroupNotFound")[1]

    assert [call["action"] for call in calls] == ["Microsoft.Resources/subscriptions/resourceGroups/read"]
    assert calls[0]["principal"] == owner.object_id


def test_the_rest_of_the_pages_change_how_it_behaves(azure, control, owner):
    here = owner.subscription_id
    before = azure.world.clock.now()

    control("POST", "behaviour", {"pace": 0.5, "throttling": False, "page_size": 3})
    control("POST", "capacity", {"free": 2, "subscription": here})
    control("POST", "quota", {"vcpus": 8, "subscription": here, "location": "eastus"})
    control("POST", "clock", {"seconds": 100})

    behaviour = azure.behaviour
    assert (behaviour.pace, behaviour.throttling, behaviour.page_size) == (0.5, False, 3)
    assert (
        behaviour.free_capacity(here, "Standard_D2s_v5", "eastus-az1"),
        behaviour.quota_of(here, "eastus"),
    ) == (2, 8)
    assert azure.world.clock.now() - before >= 100
    assert control("POST", "reset", {}) == (200, {})
    assert azure.behaviour.pace == 0.0


@pytest.mark.parametrize(
    ("method", "noun", "body", "options", "status"),
    [
        ("GET", "nothing", None, {}, 404),
        ("PUT", "faults", {}, {}, 404),
        ("GET", "subscriptions", None, {"host": "evil.example"}, 404),
        ("POST", "reset", {}, {"kind": "text/plain"}, 400),
        ("POST", "faults", {"colour": "red"}, {}, 400),
        ("POST", "faults", [], {}, 400),
        ("POST", "behaviour", {"mood": 1}, {}, 400),
        ("POST", "subscriptions", {"subscription_id": "x", "directory_id": "y"}, {}, 400),
        ("POST", "clock", {}, {}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(azure, control, method, noun, body, options, status):
    azure.faults.add(error="Kept", times=None)

    assert control(method, noun, body, **options)[0] == status
    assert [fault["error"] for fault in azure.faults.waiting()] == ["Kept"]
