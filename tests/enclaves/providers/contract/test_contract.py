"""What a provider must do, whichever the cloud: read it top down before you write another one."""

import json

import pytest

from enclaves.providers.base import (
    CloudHostState,
    Outcome,
    ProgressState,
    Provider,
    ProviderError,
    Trouble,
)
from tests.enclaves.providers.contract.clouds import PAGE
from tests.enclaves.providers.tenant_account import outcomes, wrong


@pytest.fixture
def provider(cloud) -> Provider:
    return cloud.account.provider()


@pytest.fixture
def launch(cloud, resources):
    """Launch a host as a new worker would: ``launch(order)``."""

    def make(order=None):
        return cloud.account.provider().launch(cloud.place, resources, order or cloud.account.order())

    return make


def follow(cloud, launched):
    """Follow a launch to its end; raise what went wrong late."""
    if launched.operation:
        progress = cloud.account.provider().follow(cloud.place, launched.operation)
        if progress.state == ProgressState.FAILED:
            raise progress.error
    return launched


# An account is proved


def test_a_good_account_passes_every_check_in_the_order_that_was_announced(fresh):
    findings = list(fresh.account.provider().prove_account())

    assert wrong(findings) == {}
    assert [each.code for each in findings] == [
        each.code for each in fresh.account.provider().account_checks()
    ]


def test_an_account_without_its_template_fails_at_the_first_check(make_cloud):
    findings = list(make_cloud().account.provider().prove_account())

    assert findings[0].outcome == Outcome.FAILED
    assert findings[0].advice != ""
    assert [each.outcome for each in findings if each.outcome == Outcome.UNKNOWN] == []


def test_each_stranger_is_refused_by_a_good_account(fresh):
    findings = outcomes(fresh.account.provider().prove_account())

    assert {code: findings[code] for code in fresh.strangers} == dict.fromkeys(fresh.strangers, "passed")


def test_each_stranger_who_is_let_in_is_found_out(fresh):
    found = {}
    for stranger in fresh.strangers:
        fresh.let_in(stranger)
        found[stranger] = outcomes(fresh.account.provider().prove_account())[stranger]

    assert found == dict.fromkeys(fresh.strangers, "failed")


def test_a_missing_permission_is_named(fresh):
    fresh.remove_action()

    titles = wrong(fresh.account.provider().prove_account())

    assert list(titles) == ["provisioner-permissions"]
    assert fresh.removed in titles["provisioner-permissions"]


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.UNAVAILABLE])
def test_no_clear_answer_is_unknown_and_never_a_pass(fresh, trouble):
    fresh.spoil("permissions", trouble)

    findings = outcomes(fresh.account.provider().prove_account())

    assert findings["observer-permissions"] == "unknown"


# A zone is proved


def test_a_good_zone_passes_every_check_and_tells_what_launches_need(cloud, provider):
    proof = provider.prove_zone(cloud.place)

    assert wrong(proof.findings) == {}
    assert [each.code for each in proof.findings] == [each.code for each in provider.zone_checks()]
    assert json.loads(json.dumps(proof.resources)) == proof.resources != {}


def test_a_zone_without_its_template_tells_nothing_to_launch_with(cloud, provider):
    proof = provider.prove_zone(cloud.elsewhere)

    assert proof.findings[0].outcome == Outcome.FAILED
    assert proof.resources == {}


# A region tells what it offers


def test_the_machines_offered_are_in_the_zone_and_of_a_known_kind(cloud, provider):
    machines = provider.offers(cloud.place).machines

    assert {each.availability_zone_ids for each in machines} == {cloud.place.availability_zone_ids}
    assert {each.architecture for each in machines} == {"arm64", "x86_64"}
    assert {level for each in machines for level in each.confidential} <= {"vm", "enclave"}
    assert cloud.account.order().machine in {each.name for each in machines}


def test_there_is_one_image_for_each_architecture(cloud, provider):
    images = provider.offers(cloud.place).images

    assert [each.architecture for each in images] == ["arm64", "x86_64"]


# Machines are launched


def test_a_launched_machine_is_listed_with_its_host_and_its_addresses(cloud, provider, launch):
    launched = follow(cloud, launch())

    [host] = provider.list_hosts(cloud.place)

    assert (host.instance_id, host.host_id) == (launched.instance_id, launched.host_id)
    assert (host.state, host.availability_zone_id) == (
        CloudHostState.RUNNING,
        cloud.place.availability_zone_ids[0],
    )
    assert (host.private_ipv4[:3], ":" in host.ipv6, host.public_ipv4) == ("10.", True, "")


def test_a_machine_carries_our_tags(cloud, launch):
    order = cloud.account.order()
    launch(order)

    assert cloud.machines() == [
        {
            "Name": order.name,
            "enclave:host": order.host_id,
            "enclave:registration": cloud.account.registration,
            "enclave:tenant": "acme",
            "enclave:zone": cloud.place.zone,
        }
    ]


def test_a_machine_reads_what_it_was_told_at_its_birth(cloud, provider, launch):
    text = "#cloud-config\n" + "ä" * 8000

    follow(cloud, launch(cloud.account.order(user_data=text)))
    [host] = provider.list_hosts(cloud.place)

    assert cloud.told(host.identity) == text


def test_telling_a_machine_something_takes_no_other_call(cloud, launch):
    def calls(order):
        before = len(cloud.account.calls())
        follow(cloud, launch(order))
        return sorted(set(cloud.account.calls()[before:]))

    silent = calls(cloud.account.order())

    assert calls(cloud.account.order(user_data="#cloud-config\n")) == silent


def test_more_than_a_machine_can_be_told_is_refused_for_good(cloud, launch):
    follow(cloud, launch(cloud.account.order(user_data="x" * cloud.most_told)))

    with pytest.raises(ProviderError) as refusal:
        launch(cloud.account.order(user_data="x" * (cloud.most_told + 1)))

    assert refusal.value.trouble == Trouble.INVALID
    assert len(cloud.machines()) == 1


def test_the_same_order_twice_is_one_machine(cloud, launch):
    order = cloud.account.order(user_data="#cloud-config\n")

    first, second = launch(order), launch(order)

    assert (second.instance_id, second.host_id) == (first.instance_id, first.host_id)
    assert len(cloud.machines()) == 1


def test_an_answer_lost_on_the_way_makes_no_second_machine(cloud, launch):
    cloud.spoil("launch", cut=True, times=1)

    launched = launch()

    assert [tags["enclave:host"] for tags in cloud.machines()] == [launched.host_id]


def test_an_order_whose_answer_never_came_finds_its_machine_later(cloud, launch):
    order = cloud.account.order()
    cloud.spoil("launch", cut=True, times=1)
    cloud.spoil("launch", Trouble.UNAVAILABLE)
    with pytest.raises(ProviderError) as lost:
        launch(order)
    cloud.heal()

    launched = launch(order)

    assert (lost.value.trouble, lost.value.permanent) == (Trouble.UNAVAILABLE, False)
    assert [tags["enclave:host"] for tags in cloud.machines()] == [launched.host_id]


@pytest.mark.parametrize("trouble", [Trouble.NO_CAPACITY, Trouble.QUOTA])
def test_a_launch_that_cannot_be_had_says_why_at_once_or_when_followed(cloud, launch, trouble):
    cloud.exhaust(trouble)

    with pytest.raises(ProviderError) as refusal:
        follow(cloud, launch())

    assert (refusal.value.trouble, refusal.value.permanent) == (trouble, False)


@pytest.mark.parametrize(
    ("trouble", "permanent"),
    [(Trouble.REFUSED, True), (Trouble.THROTTLED, False), (Trouble.UNAVAILABLE, False)],
)
def test_a_launch_that_is_not_carried_out_says_what_kind_of_trouble_it_is(cloud, launch, trouble, permanent):
    cloud.spoil("launch", trouble)

    with pytest.raises(ProviderError) as refusal:
        launch()

    assert (refusal.value.trouble, refusal.value.permanent) == (trouble, permanent)
    assert (refusal.value.code, refusal.value.action) == (cloud.errors[trouble], cloud.calls["launch"])
    assert cloud.machines() == []


def test_a_launch_in_a_zone_that_the_enclave_lacks_is_refused_before_any_call(cloud, launch):
    order = cloud.account.order(availability_zone_id=cloud.elsewhere.availability_zone_ids[0])

    with pytest.raises(ProviderError) as refusal:
        launch(order)

    assert refusal.value.trouble == Trouble.INVALID
    assert cloud.calls["launch"] not in cloud.account.calls()


# Machines are listed and looked after


def test_a_zone_without_a_network_is_an_error_and_not_an_empty_list(cloud, provider):
    with pytest.raises(ProviderError) as refusal:
        provider.list_hosts(cloud.elsewhere)

    assert refusal.value.trouble == Trouble.INVALID


def test_pages_are_read_to_the_end(cloud, provider, launch):
    ids = {launch().instance_id for _ in range(PAGE + 2)}

    with cloud.small_pages():
        listed = provider.list_hosts(cloud.place)

    assert sorted(each.instance_id for each in listed) == sorted(ids)


def test_a_listing_costs_pages_and_not_rows(cloud, provider, launch):
    def cost():
        before = len(cloud.account.calls())
        cloud.account.provider().list_hosts(cloud.place)
        return len(cloud.account.calls()) - before

    launch()
    cost()  # which zones the region has is asked once, by whatever comes first
    one = cost()
    for _ in range(4):
        launch()

    assert cost() == one


def test_only_machines_that_run_well_are_healthy(cloud, provider, launch):
    well = launch().instance_id

    assert provider.healthy_hosts(cloud.place, [well, cloud.no_machine]) == {well}
    assert provider.healthy_hosts(cloud.place, []) == set()


def test_a_machine_of_another_registration_is_listed_without_a_host(cloud, launch):
    launch()

    another = cloud.account.provider(registration="another")

    assert [each.host_id for each in another.list_hosts(cloud.place)] == [None]


def test_a_listing_that_gets_no_answer_raises(cloud, provider):
    cloud.spoil("list", Trouble.THROTTLED)

    with pytest.raises(ProviderError) as refusal:
        provider.list_hosts(cloud.place)

    assert refusal.value.trouble == Trouble.THROTTLED


# Machines are ended


def test_ended_machines_are_gone_and_ending_them_again_is_no_error(cloud, provider, launch):
    launched = launch()

    for _ in range(2):
        provider.terminate(cloud.place, [launched.instance_id, cloud.no_machine])

    assert provider.list_hosts(cloud.place) == []


def test_ending_nothing_asks_nothing(cloud, provider):
    provider.terminate(cloud.place, [])

    assert cloud.account.calls() == []


# Nobody learns a secret


def test_a_provider_tells_nothing_but_its_account_where_it_is_logged(cloud, provider):
    assert cloud.account.number in repr(provider)
    assert cloud.account.registration not in repr(provider)
