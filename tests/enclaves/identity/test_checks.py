from dataclasses import replace
from datetime import timedelta

import pytest

from enclaves.identity.aws import AwsInstance
from enclaves.identity.azure import AzureInstance
from enclaves.identity.checks import ExpectedHost, matches
from tests.enclaves.identity.forge import NOW

MINUTE = timedelta(minutes=1)
KEY, OTHER_KEY = "a" * 64, "b" * 64
INSTANCE = AwsInstance(
    account="111122223333",
    region="us-east-1",
    availability_zone="us-east-1c",
    instance_id="i-0123456789abcdef0",
    instance_type="m7g.2xlarge",
    image_id="ami-0123456789abcdef0",
    architecture="arm64",
    pending_time=NOW,
)
HOST = ExpectedHost(
    account="111122223333",
    machine="i-0123456789abcdef0",
    launched_at=NOW - MINUTE,
    region="us-east-1",
    image="ami-0123456789abcdef0",
    architecture="arm64",
)
MACHINE = AzureInstance(
    subscription="aaaabbbb-0000-4000-8000-ccccdddd0001",
    vm_id="bd8e7443-24a0-41f3-b949-8baf4fd1c573",
    sku="",
    nonce="0123456789",
    created=NOW,
    expires=NOW + 60 * MINUTE,
)
AZURE_HOST = ExpectedHost(account=MACHINE.subscription, machine=MACHINE.vm_id, launched_at=NOW)


def test_the_host_that_was_launched_is_recognized():
    assert matches(INSTANCE, HOST, key=KEY) == []
    assert matches(MACHINE, AZURE_HOST, key=KEY) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"account": "999999999999"}, "The account is 999999999999, not 111122223333."),
        ({"region": "eu-west-1"}, "The region is eu-west-1, not us-east-1."),
        (
            {"instance_id": "i-0fffffffffffffff0"},
            "The instance is i-0fffffffffffffff0, not i-0123456789abcdef0.",
        ),
        ({"image_id": "ami-0fffffff"}, "The image is ami-0fffffff, not ami-0123456789abcdef0."),
        ({"architecture": "x86_64"}, "The architecture is x86_64, not arm64."),
    ],
)
def test_another_instance_is_told_apart(change, says):
    assert matches(replace(INSTANCE, **change), HOST, key=KEY) == [says]


@pytest.mark.parametrize("change", [{"subscription": "x"}, {"vm_id": "x"}])
def test_another_machine_is_told_apart(change):
    assert len(matches(replace(MACHINE, **change), AZURE_HOST, key=KEY)) == 1


def test_all_reasons_are_told_at_once():
    other = replace(INSTANCE, account="999999999999", region="eu-west-1")

    assert len(matches(other, HOST, key=KEY)) == 2


def test_what_a_row_does_not_know_is_never_taken_for_right():
    assert matches(INSTANCE, replace(HOST, image=""), key=KEY) == [
        "The image is ami-0123456789abcdef0, not known."
    ]


@pytest.mark.parametrize("moment", [NOW - 5 * MINUTE, NOW + 29 * MINUTE])
def test_an_instance_that_was_started_by_the_launch_is_recognized(moment):
    assert matches(replace(INSTANCE, pending_time=moment), HOST, key=KEY) == []


@pytest.mark.parametrize("moment", [NOW - 7 * MINUTE, NOW + 30 * MINUTE])
def test_an_instance_that_was_started_at_another_time_is_not(moment):
    [reason] = matches(replace(INSTANCE, pending_time=moment), HOST, key=KEY)

    assert "not by this launch" in reason


def test_an_instance_of_the_first_try_is_recognized_though_only_a_later_one_was_answered():
    tried = replace(HOST, launched_at=NOW - 90 * MINUTE, tried_at=NOW)

    for age, known in ((96, False), (94, True), (0, True), (-29, True), (-31, False)):
        started = replace(INSTANCE, pending_time=NOW - age * MINUTE)
        assert (matches(started, tried, key=KEY) == []) is known


@pytest.mark.parametrize(
    ("instance", "host"), [(INSTANCE, HOST), (MACHINE, AZURE_HOST)], ids=["aws", "azure"]
)
def test_a_document_counts_once_and_then_only_for_the_key_that_came_first(instance, host):
    enrolled = replace(host, enrolled_key=KEY)

    assert matches(instance, enrolled, key=KEY) == []
    assert matches(instance, enrolled, key=OTHER_KEY) == ["The host has enrolled before, with another key."]


def test_a_host_that_was_stopped_comes_back_with_its_key():
    restarted = replace(INSTANCE, pending_time=NOW + timedelta(days=30))

    assert matches(restarted, replace(HOST, enrolled_key=KEY), key=KEY) == []
