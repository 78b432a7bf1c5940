import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.throttling import Throttle


@pytest.fixture
def time():
    return [0.0]


@pytest.fixture
def throttle(time):
    return Throttle(lambda: time[0])


def test_a_full_bucket_lets_a_burst_pass(throttle):
    left = [throttle.take("S", "somebody", "PUT") for _ in range(200)]

    assert left[0] == {"x-ms-ratelimit-remaining-subscription-writes": "199"}
    assert left[-1] == {"x-ms-ratelimit-remaining-subscription-writes": "0"}


def test_an_empty_bucket_says_when_to_come_back(throttle, time):
    for _ in range(250):
        throttle.take("S", "somebody", "GET")

    with pytest.raises(ArmError) as refused:
        throttle.take("S", "somebody", "GET")

    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    time[0] = 1.0
    assert throttle.take("S", "somebody", "GET") == {"x-ms-ratelimit-remaining-subscription-reads": "24"}


@pytest.mark.parametrize(
    "other", [("T", "somebody", "PUT"), ("S", "else", "PUT"), ("S", "somebody", "DELETE")]
)
def test_buckets_are_per_subscription_principal_and_kind(throttle, other):
    for _ in range(200):
        throttle.take("S", "somebody", "PUT")

    assert throttle.take(*other)


def test_resource_manager_counts(azure, send):
    left = "x-ms-ratelimit-remaining-subscription-reads"

    first, second = send("GET", "/locations").headers[left], send("GET", "/locations").headers[left]
    azure.behaviour.change(throttling=False)

    assert (first, second) == ("249", "248")
    assert left not in send("GET", "/locations").headers
