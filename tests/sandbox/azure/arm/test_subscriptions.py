import pytest

NOTE = "Sandbox.Tests/notes"


def test_a_caller_sees_the_subscriptions_in_which_he_has_a_role(sdk, owner, new_owner):
    new_owner()

    seen = sdk.resources.get_by_id("/subscriptions", api_version="2022-12-01")["value"]

    assert [one["subscriptionId"] for one in seen] == [owner.subscription_id]


def test_a_subscription_names_its_directory(send, owner):
    given = send("GET", "")

    assert (given.body["tenantId"], given.body["state"]) == (owner.directory_id, "Enabled")


def test_a_subscription_that_is_not_there_is_not_found(sdk, code):
    unknown = "/subscriptions/99999999-0000-4000-8000-000000000000"

    assert code(sdk.resources.get_by_id, unknown, api_version="2022-12-01") == "SubscriptionNotFound"


def test_zones_are_numbered_differently_in_each_subscription(azure, new_owner, client, secret_of):
    mappings = set()
    for _ in range(12):
        owner = new_owner()
        path = f"/subscriptions/{owner.subscription_id}/locations"
        sdk = client(secret_of(owner), owner.subscription_id)
        found = sdk.resources.get_by_id(path, api_version="2022-12-01")["value"]
        zones = next(one for one in found if one["name"] == "eastus")["availabilityZoneMappings"]
        mappings.add(tuple(zone["physicalZone"] for zone in zones))

    assert len(mappings) > 1
    assert {frozenset(one) for one in mappings} == {frozenset({"eastus-az1", "eastus-az2", "eastus-az3"})}


def test_groups_are_listed_by_tag_and_page_by_page(azure, sdk, owner):
    for number in range(5):
        tags = {"kind": "odd" if number % 2 else "even"}
        sdk.resource_groups.create_or_update(f"g{number}", {"location": "eastus", "tags": tags})
    azure.behaviour.change(page_size=2)

    everything = [group.name for group in sdk.resource_groups.list()]
    odd = [group.name for group in sdk.resource_groups.list(filter="tagName eq 'kind' and tagValue eq 'odd'")]

    assert (everything, odd) == (["g0", "g1", "g2", "g3", "g4"], ["g1", "g3"])
    pages = azure.record.calls(
        subscription=owner.subscription_id, action="Microsoft.Resources/subscriptions/resourceGroups/read"
    )
    assert len(pages) == 3 + 1


def test_only_groups_that_one_may_read_are_listed(sdk, group, new_identity, acting):
    sdk.resource_groups.create_or_update("other", {"location": "eastus"})
    reader = acting(
        new_identity(actions=["Microsoft.Resources/subscriptions/resourceGroups/read"], scope=group)
    )

    assert [one.name for one in reader.resource_groups.list()] == ["g"]


def test_resources_are_listed_without_their_properties_and_children(sdk, put):
    put(NOTE, "n", {"text": "a"}, tags={"a": "b"})
    put(f"{NOTE}/n/lines", "l")

    found = [one.as_dict() for one in sdk.resources.list_by_resource_group("g")]

    assert [(one["name"], one["tags"], "properties" in one) for one in found] == [("n", {"a": "b"}, False)]


def test_resources_are_found_by_tag_and_type(sdk, put):
    put(NOTE, "n", {"text": "a"}, tags={"a": "b"})
    put(NOTE, "m", {"text": "a"})
    put("Sandbox.Tests/things", "t", tags={"a": "b"})

    by_tag = sdk.resources.list(filter="tagName eq 'a' and tagValue eq 'b'")
    by_type = sdk.resources.list(filter=f"resourceType eq '{NOTE}'")

    assert [one.name for one in by_tag] == ["n", "t"]
    assert [one.name for one in by_type] == ["n", "m"]


@pytest.mark.usefixtures("group")
def test_a_filter_that_is_not_modelled_is_refused(sdk, code):
    assert code(list, sdk.resources.list(filter="startswith(name, 'a')")) == "InvalidFilterInQueryString"


@pytest.mark.parametrize(
    ("operation", "left"), [("Merge", {"a": "b", "c": "d"}), ("Replace", {"c": "d"}), ("Delete", {"a": "b"})]
)
def test_tags_are_changed_by_themselves(sdk, put, operation, left):
    path = put(NOTE, "n", {"text": "x"}, tags={"a": "b"}).id

    wish = {"operation": operation, "properties": {"tags": {"c": "d"}}}
    sdk.tags.begin_update_at_scope(path, wish).result()

    assert sdk.tags.get_at_scope(path).properties.tags == left
    assert sdk.resources.get_by_id(path, api_version="1").tags == left


def test_a_subscription_and_a_group_have_tags_too(sdk, owner, group):
    scopes = [f"/subscriptions/{owner.subscription_id}", group]

    for scope in scopes:
        sdk.tags.begin_create_or_update_at_scope(scope, {"properties": {"tags": {"a": "b"}}}).result()

    assert [sdk.tags.get_at_scope(scope).properties.tags for scope in scopes] == [{"a": "b"}] * 2


def test_who_may_not_tag_changes_nothing(send, group, new_identity, acting, code):
    reader = acting(new_identity(actions=["*/read"]))
    wish = {"operation": "Merge", "properties": {"tags": {"c": "d"}}}

    refused = code(reader.tags.begin_update_at_scope, group, wish)

    assert (refused, send("GET", "/resourcegroups/g", api="2021-04-01").body["tags"]) == (
        "AuthorizationFailed",
        {},
    )
