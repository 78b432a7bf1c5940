from uuid import uuid4

import pytest

from sandbox.azure.clock import Clock
from sandbox.azure.ids import ResourceId
from sandbox.azure.operations import Operations

KINDS = ("Sandbox.Tests/things", "Sandbox.Tests/loads", "Sandbox.Tests/slates")
THING = "/resourceGroups/g/providers/Sandbox.Tests/things/t"


@pytest.fixture
def slow(azure, group):
    """An Azure that takes its time, which the tests put forward."""
    azure.behaviour.change(pace=1)
    return azure


@pytest.mark.parametrize("kind", KINDS)
def test_the_sdk_follows_every_way_of_telling(put, kind):
    assert put(kind, "t").properties == {"provisioningState": "Succeeded"}


def test_work_goes_on_until_its_time_is_over(slow, send):
    started = send("PUT", THING, {"location": "eastus"}, api="1")
    url = started.headers["Azure-AsyncOperation"].split(slow.world.base_url)[1]
    path = url.split("?")[0].split("/", 3)[3]

    before = send("GET", f"/{path}", api="1")
    slow.world.clock.advance(60)
    after = send("GET", f"/{path}", api="1")

    assert (started.status, started.headers["Retry-After"]) == (201, "10")
    assert [one.body["status"] for one in (before, after)] == ["InProgress", "Succeeded"]
    assert ("Retry-After" in before.headers, "Retry-After" in after.headers) == (True, False)


def test_nobody_else_may_ask_for_an_operation(slow, send, new_identity, acting):
    started = send("PUT", THING, {"location": "eastus"}, api="1")
    path = (
        "/"
        + started.headers["Azure-AsyncOperation"].split("?")[0].split("/subscriptions/")[1].split("/", 1)[1]
    )

    given = send("GET", path, api="1", by=acting(new_identity(actions=["*"])))

    assert (given.status, given.body["error"]["code"]) == (404, "OperationNotFound")


def test_a_late_failure_comes_after_a_good_answer(slow, send, owner):
    slow.faults.add(
        subscription=owner.subscription_id, action="*/things/write", error="AllocationFailed", late=True
    )

    started = send("PUT", THING, {"location": "eastus"}, api="1")
    slow.world.clock.advance(60)
    path = (
        "/"
        + started.headers["Azure-AsyncOperation"].split("?")[0].split("/subscriptions/")[1].split("/", 1)[1]
    )
    told = send("GET", path, api="1")

    assert (started.status, told.status, told.body["status"]) == (201, 200, "Failed")
    assert told.body["error"]["code"] == "AllocationFailed"
    assert send("GET", THING, api="1").body["properties"]["provisioningState"] == "Failed"


def test_the_sdk_tells_a_late_failure(azure, put, code, owner):
    azure.faults.add(subscription=owner.subscription_id, error="AllocationFailed", late=True)

    assert code(put, "Sandbox.Tests/things", "t") == "AllocationFailed"


def test_one_change_at_a_time(slow, send):
    send("PUT", THING, {"location": "eastus"}, api="1")

    again = send("PUT", THING, {"location": "eastus"}, api="1")

    assert (again.status, again.body["error"]["code"]) == (409, "AnotherOperationInProgress")


def test_what_is_deleted_while_it_is_made_never_comes(slow, send):
    started = send("PUT", THING, {"location": "eastus"}, api="1")
    path = (
        "/"
        + started.headers["Azure-AsyncOperation"].split("?")[0].split("/subscriptions/")[1].split("/", 1)[1]
    )

    ended = send("DELETE", THING, api="1")
    slow.world.clock.advance(60)

    assert (ended.status, send("GET", THING, api="1").status) == (202, 404)
    assert send("GET", path, api="1").body["error"]["code"] == "OperationPreempted"


def test_a_slow_delete_ends_at_its_location(slow, send):
    send("PUT", THING, {"location": "eastus"}, api="1")
    slow.world.clock.advance(60)
    ended = send("DELETE", THING, api="1")
    path = "/" + ended.headers["Location"].split("?")[0].split("/subscriptions/")[1].split("/", 1)[1]

    before = send("GET", path, api="1").status
    slow.world.clock.advance(60)

    assert (before, send("GET", path, api="1").status) == (202, 204)


def test_a_fault_of_one_operation_is_not_the_answer_to_every_request(caplog):
    operations = Operations(Clock())

    def broken():
        raise KeyError("properties")

    group = ResourceId.parse(f"/subscriptions/{uuid4()}/resourceGroups/enclave")
    broken_one = operations.start(group, "somebody", broken)
    fine = operations.start(group, "somebody", lambda: {"name": "enclave"})
    operations.tick()

    assert (broken_one.status, fine.status) == ("Failed", "Succeeded")
    assert broken_one.error["code"] == "InternalServerError"
    assert "KeyError: 'properties'" in caplog.text
