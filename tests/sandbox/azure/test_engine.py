import pytest

NOTE, THING = "Sandbox.Tests/notes", "Sandbox.Tests/things"


def test_a_new_resource_answers_201_and_a_known_one_200(send, group):
    wish = {"location": "East US", "properties": {"text": "a"}, "tags": {"a": "b"}}

    answers = [send("PUT", f"/resourceGroups/g/providers/{NOTE}/n", wish, api="1") for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 200]
    assert (answers[0].body["id"], answers[0].body["location"]) == (f"{group}/providers/{NOTE}/n", "eastus")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"properties": {"text": "a"}}, "LocationRequired"),
        ({"location": "mars", "properties": {"text": "a"}}, "LocationNotAvailableForResourceType"),
        ({"location": "eastus", "properties": {}}, "InvalidParameter"),
        ({"location": "eastus", "properties": {"text": "a"}, "zones": ["4"]}, "InvalidAvailabilityZone"),
        ({"location": "eastus", "properties": {"text": "a"}, "tags": dict.fromkeys(map(str, range(51)), "")},
         "TagCountExceedsLimit"),
    ],
)  # fmt: skip
def test_a_body_that_lacks_something_is_refused(azure, send, group, body, code):
    given = send("PUT", f"/resourceGroups/g/providers/{NOTE}/n", body, api="1")

    assert (given.status, given.body["error"]["code"]) == (400, code)
    assert azure.world.under(group) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": {}},
        {"tags": True},
        {"tags": {"a": 1}},
        {"zones": True},
        {"zones": [{}]},
        {"properties": []},
        {"identity": "me"},
        {"identity": {"type": None}},
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": []}},
        {"sku": "big"},
    ],
)
def test_a_body_of_the_wrong_form_is_refused(azure, send, group, wrong):
    body = {"location": "eastus", "properties": {"text": "a"}, **wrong}

    given = send("PUT", f"/resourceGroups/g/providers/{NOTE}/n", body, api="1")

    assert (given.status, given.body["error"]["code"]) == (400, "InvalidRequestContent")
    assert azure.world.under(group) == []


def test_null_stands_for_what_is_not_there(send, group):
    body = {"location": "eastus", "tags": None, "zones": None, "identity": None, "properties": None}

    given = send("PUT", "/resourceGroups/g/providers/Sandbox.Tests/things/t", body, api="1")

    assert given.status == 201


@pytest.mark.parametrize(
    ("path", "api", "code"),
    [
        (f"/resourceGroups/none/providers/{NOTE}/n", "1", "ResourceGroupNotFound"),
        (f"/resourceGroups/g/providers/{NOTE}/n", "1999-01-01", "NoRegisteredProviderFound"),
        ("/resourceGroups/g/providers/Foo.Bar/bazs/n", "1", "InvalidResourceType"),
        (f"/resourceGroups/g/providers/{NOTE}/none/lines/l", "1", "ParentResourceNotFound"),
        (f"/resourceGroups/g/providers/{NOTE}/b@d", "1", "InvalidResourceName"),
    ],
)
@pytest.mark.usefixtures("group")
def test_a_resource_that_has_no_place_is_refused(send, path, api, code):
    given = send("PUT", path, {"location": "eastus", "properties": {"text": "a"}}, api=api)

    assert given.body["error"]["code"] == code


def test_a_provider_has_to_be_registered_first(azure, put, owner, code):
    azure.world.subscription(owner.subscription_id).providers["sandbox.tests"] = "NotRegistered"

    assert code(put, NOTE, "n", {"text": "a"}) == "MissingSubscriptionRegistration"


def test_a_resource_stays_where_it_is(put, code):
    put(NOTE, "n", {"text": "a"})

    assert code(put, NOTE, "n", {"text": "a"}, location="westeurope") == "InvalidResourceLocation"


def test_a_put_may_insist_on_being_the_first(send, put):
    put(NOTE, "n", {"text": "a"})

    given = send("PUT", f"/resourceGroups/g/providers/{NOTE}/n",
                 {"location": "eastus", "properties": {"text": "b"}}, api="1", If_None_Match="*")  # fmt: skip

    assert (given.status, given.body["error"]["code"]) == (412, "PreconditionFailed")
    assert send("GET", f"/resourceGroups/g/providers/{NOTE}/n", api="1").body["properties"]["text"] == "a"


def test_a_patch_merges_properties_and_replaces_tags(send, put):
    put(NOTE, "n", {"text": "a", "deep": {"one": 1}}, tags={"a": "b"})

    given = send("PATCH", f"/resourceGroups/g/providers/{NOTE}/n",
                 {"properties": {"deep": {"two": 2}}, "tags": {"c": "d"}}, api="1")  # fmt: skip

    assert (given.status, given.body["tags"]) == (200, {"c": "d"})
    assert given.body["properties"] == {
        "text": "a",
        "deep": {"one": 1, "two": 2},
        "provisioningState": "Succeeded",
    }


def test_a_deleted_resource_takes_along_what_lies_below(azure, send, put, group):
    put(NOTE, "n", {"text": "a"})
    put(f"{NOTE}/n/lines", "l")

    given = send("DELETE", f"/resourceGroups/g/providers/{NOTE}/n", api="1")

    assert (given.status, azure.world.under(group)) == (200, [])
    assert send("DELETE", f"/resourceGroups/g/providers/{NOTE}/n", api="1").status == 204


def test_a_system_identity_stays_the_same_and_goes_with_its_resource(azure, put, send):
    made = [put(NOTE, "n", {"text": "a"}, identity={"type": "SystemAssigned"}) for _ in range(2)]
    object_ids = {one.identity.principal_id for one in made}

    assert len(object_ids) == 1
    assert azure.world.principals.get(*object_ids).name == "n"
    send("DELETE", f"/resourceGroups/g/providers/{NOTE}/n", api="1")
    assert azure.world.principals.get(*object_ids) is None


def test_an_identity_that_is_not_asked_for_again_goes(azure, put):
    made = put(NOTE, "n", {"text": "a"}, identity={"type": "SystemAssigned"})

    put(NOTE, "n", {"text": "a"})

    assert azure.world.principals.get(made.identity.principal_id) is None


def test_a_group_goes_with_all_it_holds(azure, sdk, put, group):
    put(NOTE, "n", {"text": "a"})

    sdk.resource_groups.begin_delete("g").result()

    assert (azure.world.get(group), azure.world.under(group)) == (None, [])


@pytest.mark.usefixtures("group")
def test_a_group_that_goes_takes_nothing_new(azure, sdk, send):
    azure.behaviour.change(pace=1)
    sdk.resource_groups.begin_delete("g", polling=False)

    given = send("PUT", f"/resourceGroups/g/providers/{NOTE}/n", {"location": "eastus"}, api="1")

    assert (given.status, given.body["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
