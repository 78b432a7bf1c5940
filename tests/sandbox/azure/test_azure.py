import pytest

from sandbox.azure.azure import Azure


def test_a_subscription_keeps_its_owner(azure, owner):
    again = azure.add_subscription(owner.subscription_id, owner.directory_id)

    assert again == owner


@pytest.mark.parametrize(
    "given", ["", "1", "AAAABBBB-0000-4000-8000-CCCCDDDD0001", "aaaabbbb-0000-4000-8000-ccccdddd0001/x"]
)
def test_ids_are_uuids_in_lower_case(azure, owner, given):
    with pytest.raises(ValueError, match="UUID"):
        azure.add_subscription(given, owner.directory_id)
    with pytest.raises(ValueError, match="UUID"):
        azure.add_subscription(owner.subscription_id, given)


def test_an_owners_secret_is_not_in_its_text(owner):
    assert owner.client_secret not in repr(owner)


def test_reset_forgets_faults_calls_and_settings_and_keeps_subscriptions(azure, owner, send):
    azure.faults.add(error="Odd", times=None)
    azure.behaviour.change(pace=5, page_size=1)
    azure.world.clock.advance(1000)

    azure.reset()

    assert (azure.faults.waiting(), azure.record.calls(), azure.behaviour.pace) == ([], [], 0.0)
    assert send("GET", "").body["subscriptionId"] == owner.subscription_id


def test_two_azures_know_nothing_of_each_other(owner):
    assert owner.subscription_id not in Azure().owners
