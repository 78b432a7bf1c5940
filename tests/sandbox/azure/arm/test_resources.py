import pytest

from sandbox.azure.rbac import OWNER

NOTE = "Sandbox.Tests/notes"
AUTHORIZATION = "/providers/Microsoft.Authorization"


def test_a_list_holds_what_lies_below_its_address(send, put, sdk, owner):
    put(NOTE, "n", {"text": "a"})
    put(NOTE, "m", {"text": "b"})
    for parent in "nm":
        put(f"{NOTE}/{parent}/lines", "l")

    lists = [
        f"/providers/{NOTE}",
        f"/resourceGroups/g/providers/{NOTE}",
        f"/resourceGroups/g/providers/{NOTE}/n/lines",
    ]

    assert [len(send("GET", path, api="1").body["value"]) for path in lists] == [2, 2, 1]
    assert send("GET", lists[0], api="1").body["value"][0]["properties"]["text"] == "a"


def test_a_long_list_comes_in_pages(azure, send, put):
    for number in range(5):
        put(NOTE, f"n{number}", {"text": "a"})
    azure.behaviour.change(page_size=2)

    names, path = [], f"/resourceGroups/g/providers/{NOTE}"
    while path:
        page = send("GET", path, api="1").body
        names += [one["name"] for one in page["value"]]
        rest = page.get("nextLink", "").partition("/resourceGroups")
        path = rest[1] + rest[2]

    assert names == [f"n{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/resourceGroups/none/providers/{NOTE}", 404, "ResourceGroupNotFound"),
        (f"/resourceGroups/g/providers/{NOTE}/none", 404, "ResourceNotFound"),
        (f"/resourceGroups/g/providers/{NOTE}/none/lines", 404, "ResourceNotFound"),
        ("/resourceGroups/g/providers/Microsoft.Sql/servers", 404, "InvalidResourceType"),
        ("/resourceGroups/g/oddities", 400, "LinkedInvalidPropertyId"),
    ],
)
@pytest.mark.usefixtures("group")
def test_what_is_not_there_or_not_modelled_is_said_so(send, path, status, code):
    given = send("GET", path, api="1")

    assert (given.status, given.body["error"]["code"]) == (status, code)


@pytest.mark.usefixtures("group")
def test_a_method_that_is_not_modelled_is_said_so(send):
    given = send("POST", f"/resourceGroups/g/providers/{NOTE}/n/explode", {}, api="1")

    assert (given.status, given.body["error"]["code"]) == (404, "InvalidResourceType")


def test_a_version_is_needed(sdk, owner, code):
    from azure.core.rest import HttpRequest

    given = sdk.send_request(HttpRequest("GET", f"/subscriptions/{owner.subscription_id}"))

    assert (given.status_code, given.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize(
    "path", ["/locations", "/providers/Microsoft.Compute/skus", "/resourcegroups", "/resources"]
)
def test_a_version_has_to_be_known(send, path):
    given = send("GET", path, api="1999-01-01")

    assert (given.status, given.body["error"]["code"]) == (400, "NoRegisteredProviderFound")


@pytest.mark.parametrize("option", ["$select=name", "$expand=createdTime", "$orderby=name"])
def test_an_option_that_is_not_modelled_is_refused(send, option):
    given = send("GET", f"/providers/{NOTE}?{option}", api="1")

    assert (given.status, given.body["error"]["code"]) == (400, "InvalidQueryOption")


@pytest.mark.parametrize("token", ["x", "-1", ""])
def test_a_page_that_is_no_number_is_refused(send, token):
    given = send("GET", f"/providers/{NOTE}?$skiptoken={token}", api="1")

    assert (given.status, given.body["error"]["code"]) == (400, "InvalidQueryParameterValue")


def test_a_body_that_is_no_object_is_refused(send, group):
    given = send("PUT", f"/resourceGroups/g/providers/{NOTE}/n", ["a"], api="1")

    assert (given.status, given.body["error"]["code"]) == (400, "InvalidRequestContent")


def test_existence_is_asked_by_head(sdk, put):
    path = put(NOTE, "n", {"text": "a"}).id

    assert sdk.resources.check_existence_by_id(path, api_version="1")
    assert not sdk.resources.check_existence_by_id(f"{path}2", api_version="1")


def test_a_built_in_role_can_be_read(send):
    given = send("GET", f"{AUTHORIZATION}/roleDefinitions/{OWNER}", api="2022-04-01")

    assert (given.status, given.body["properties"]["roleName"]) == (200, "Owner")


def test_assignments_are_listed_at_above_and_below_a_scope(send, new_identity, group):
    here, elsewhere = new_identity("here", scope=group), new_identity("elsewhere")
    at_group = f"/resourceGroups/g{AUTHORIZATION}/roleAssignments"
    at_subscription = f"{AUTHORIZATION}/roleAssignments"

    def principals(path):
        return {one["properties"]["principalId"] for one in send("GET", path, api="2022-04-01").body["value"]}

    assert principals(at_group) >= {here.object_id, elsewhere.object_id}
    assert here.object_id not in principals(f"{at_subscription}?$filter=atScope()")
    assert principals(f"{at_subscription}?$filter=principalId eq '{here.object_id}'") == {here.object_id}
