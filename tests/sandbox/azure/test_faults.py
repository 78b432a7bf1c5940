import time

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.rest import HttpRequest

from sandbox.azure.faults import Fault, Faults

NOTE = "Sandbox.Tests/notes"


def test_an_error_comes_as_often_as_ordered(azure, owner, send):
    azure.faults.add(
        subscription=owner.subscription_id, action="*/locations/read", error="TooManyRequests", times=2
    )

    answers = [send("GET", "/locations") for _ in range(3)]

    assert [answer.status for answer in answers] == [429, 429, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["1", "1", None]


def test_the_sdk_survives_a_throttle_by_itself(azure, owner, client, code):
    patient = client(retry_total=3)
    azure.faults.add(subscription=owner.subscription_id, error="SubscriptionRequestsThrottled")

    assert code(patient.resource_groups.get, "none") == "ResourceGroupNotFound"


def test_a_fault_strikes_one_subscription_and_one_action(azure, owner, new_owner, send, client, secret_of):
    azure.faults.add(subscription=owner.subscription_id, action="*/locations/read", error="Odd", times=None)
    other = new_owner()
    path = f"/subscriptions/{other.subscription_id}/locations?api-version=2022-12-01"
    elsewhere = client(secret_of(other), other.subscription_id)

    answers = [
        send("GET", "/locations").status,
        send("GET", "").status,
        elsewhere.send_request(HttpRequest("GET", path)).status_code,
    ]

    assert answers == [400, 200, 200]


def test_a_fault_can_wait_for_a_later_call(azure, owner, send):
    azure.faults.add(subscription=owner.subscription_id, error="InternalServerError", after=2)

    assert [send("GET", "/locations").status for _ in range(4)] == [200, 200, 500, 200]


def test_an_answer_that_is_cut_off_was_executed(azure, owner, put, group):
    azure.faults.add(subscription=owner.subscription_id, action=f"{NOTE}/write", cut=True)

    with pytest.raises(ServiceResponseError):
        put(NOTE, "n", {"text": "a"})

    assert azure.world.get(f"{group}/providers/{NOTE}/n")["properties"]["text"] == "a"


def test_a_delay_keeps_the_caller_waiting(azure, owner, send):
    azure.faults.add(subscription=owner.subscription_id, delay=0.2)
    started = time.monotonic()

    send("GET", "/locations")

    assert time.monotonic() - started >= 0.2


def test_a_token_may_be_late_in_coming(azure, owner, new_identity, federated, issuer, code):
    azure.faults.add(subscription=owner.subscription_id, action="token", error="AADSTS70021")
    credential = federated(new_identity(), issuer.sign())

    answers = [code(credential.get_token, "https://management.azure.com/.default") for _ in range(2)]

    assert answers == ["AADSTS70021", "ok"]


def test_a_stranger_uses_up_no_fault(azure, owner, new_owner, client, secret_of, send):
    azure.faults.add(subscription=owner.subscription_id, error="Odd")

    send("GET", "/locations", by=client(secret_of(new_owner())))

    assert send("GET", "/locations").body["error"]["code"] == "Odd"


def test_the_first_fault_strikes_first():
    faults = Faults()
    faults.add(error="A", times=1)
    faults.add(error="B", times=1)

    taken = [faults.take("1", "X/y/read") for _ in range(3)]

    assert [fault.error if fault else None for fault in taken] == ["A", "B", None]


def test_late_faults_strike_operations_only():
    faults = Faults()
    faults.add(error="A", late=True)

    taken = [faults.take("1", "X/y/write"), faults.take("1", "X/y/write", late=True)]

    assert [fault.error if fault else None for fault in taken] == [None, "A"]


def test_actions_and_subscriptions_are_matched_in_any_case():
    fault = Fault(subscription="ABC", action="microsoft.compute/*/WRITE")

    assert fault.matches("abc", "Microsoft.Compute/virtualMachines/write", late=False)
