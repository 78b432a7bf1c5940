import pytest

from sandbox.azure.store import Store, references

GROUP = "/subscriptions/S/resourceGroups/G"
NET = f"{GROUP}/providers/Microsoft.Network"


def resource(path, kind, **properties):
    return {"id": path, "name": path.rsplit("/", 1)[1], "type": kind, "properties": properties}


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def subnet(store):
    path = f"{NET}/virtualNetworks/N/subnets/hosts"
    store.put(resource(path.rsplit("/", 2)[0], "Microsoft.Network/virtualNetworks"))
    store.put(resource(path, "Microsoft.Network/virtualNetworks/subnets"))
    return path


def test_a_resource_is_found_in_any_spelling(store, subnet):
    assert store.get(subnet.upper())["id"] == subnet


def test_what_lies_below_is_listed_at_any_depth_and_by_type(store, subnet):
    assert len(store.under("/subscriptions/s")) == len(store.under(GROUP)) == 2
    assert [item["id"] for item in store.under(GROUP, "microsoft.network/virtualnetworks/subnets")] == [
        subnet
    ]


def test_a_resource_knows_who_names_something_below_it(store, subnet):
    nic = f"{NET}/networkInterfaces/nic"
    store.put(resource(nic, "Microsoft.Network/networkInterfaces", subnet={"id": subnet.upper()}))

    assert store.referrers(subnet.rsplit("/", 2)[0]) == [nic]


def test_a_changed_resource_names_no_longer_what_it_named(store, subnet):
    nic = f"{NET}/networkInterfaces/nic"
    store.put(resource(nic, "Microsoft.Network/networkInterfaces", subnet={"id": subnet}))

    store.put(resource(nic, "Microsoft.Network/networkInterfaces"))

    assert store.referrers(subnet) == []


def test_a_dropped_resource_leaves_nothing(store, subnet):
    store.facts(subnet)["power"] = "on"

    store.drop(subnet)

    assert (store.get(subnet), store.facts(subnet)) == (None, {})
    assert store.under(GROUP, "Microsoft.Network/virtualNetworks/subnets") == []


def test_references_are_ids_in_values_and_in_keys():
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/I"
    body = {
        "identity": {identity: {}},
        "list": [{"subnet": {"id": f"{NET}/virtualNetworks/N"}}],
        "name": GROUP,
    }

    assert references(body) == {identity, f"{NET}/virtualNetworks/N"}
