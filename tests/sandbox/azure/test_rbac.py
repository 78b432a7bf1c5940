import pytest

from sandbox.azure import rbac

NOTE = "Sandbox.Tests/notes"


@pytest.mark.usefixtures("group")
def test_nobody_may_do_what_no_role_grants(send, new_identity, acting):
    stranger = acting(new_identity(actions=["Microsoft.Network/*"]))

    given = send("GET", "/resourcegroups/g", by=stranger, api="2021-04-01")

    assert (given.status, given.body["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in given.body["error"]["message"]


@pytest.mark.parametrize(
    ("actions", "not_actions", "wanted", "granted"),
    [
        (["*"], [], "Microsoft.Compute/virtualMachines/write", True),
        (["*/read"], [], "Microsoft.Compute/virtualMachines/read", True),
        (["*/read"], [], "Microsoft.Compute/virtualMachines/write", False),
        (["Microsoft.Compute/*/read"], [], "microsoft.compute/virtualmachines/READ", True),
        (["*"], ["Microsoft.Authorization/*/Write"], "Microsoft.Authorization/roleAssignments/write", False),
        (["Microsoft.Compute/virtualMachines/read"], [], "Microsoft.Compute/virtualMachines/readX", False),
        ([], [], "Microsoft.Compute/virtualMachines/read", False),
    ],
)
def test_wildcards_and_exceptions_decide(azure, owner, new_identity, actions, not_actions, wanted, granted):
    identity = new_identity(actions=actions, not_actions=not_actions)

    scope = f"/subscriptions/{owner.subscription_id}"

    assert rbac.allows(azure.world, identity.object_id, wanted, scope) is granted


def test_data_actions_are_other_rights_than_actions(azure, owner, new_identity):
    identity = new_identity(actions=["*"])

    scope = f"/subscriptions/{owner.subscription_id}"
    blob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"

    assert not rbac.allows(azure.world, identity.object_id, blob, scope, data=True)


def test_a_role_holds_at_its_scope_and_below(put, group, new_identity, acting, code):
    put(NOTE, "mine", {"text": "a"})
    put(NOTE, "other", {"text": "b"})
    reader = acting(new_identity(actions=[f"{NOTE}/read"], scope=f"{group}/providers/{NOTE}/mine"))

    answers = [
        code(reader.resources.get_by_id, f"{group}/providers/{NOTE}/{name}", api_version="1")
        for name in ("mine", "other")
    ]

    assert answers == ["ok", "AuthorizationFailed"]


def test_naming_a_resource_needs_a_right_on_it(azure, put, group, new_identity, acting, code):
    subnet = f"{group}/providers/Microsoft.Network/virtualNetworks/n/subnets/s"
    wish = {"text": "a", "subnet": {"id": subnet}}
    plain = acting(new_identity("plain", [f"{NOTE}/*"]))
    joiner = acting(
        new_identity("joiner", [f"{NOTE}/*", "Microsoft.Network/virtualNetworks/subnets/join/action"])
    )

    assert code(put, NOTE, "n", wish, by=plain) == "LinkedAuthorizationFailed"
    assert azure.world.under(group, NOTE) == []
    assert code(put, NOTE, "n", wish, by=joiner) == "ok"


def test_identities_are_assigned_only_by_who_may(put, group, new_identity, acting, code):
    host = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/host"
    plain = acting(new_identity("plain", [f"{NOTE}/*"]))
    identity = {"type": "UserAssigned", "userAssignedIdentities": {host: {}}}

    assert code(put, NOTE, "n", {"text": "a"}, by=plain, identity=identity) == "LinkedAuthorizationFailed"


def test_what_comes_and_goes_with_a_resource_needs_rights_too(azure, put, group, new_identity, acting, code):
    plain = acting(new_identity("plain", [f"{NOTE}/*"]))
    put(NOTE, "n", {"text": "a"}, ink="blue")

    answers = [
        code(put, NOTE, "m", {"text": "a"}, ink="blue", by=plain),
        code(plain.resources.begin_delete_by_id, f"{group}/providers/{NOTE}/n", api_version="1"),
        code(put, NOTE, "m", {"text": "a"}, by=plain),
    ]

    assert answers == ["LinkedAuthorizationFailed", "LinkedAuthorizationFailed", "ok"]
    assert [note["name"] for note in azure.world.under(group, NOTE)] == ["n", "m"]


def test_a_role_of_another_subscription_is_none(azure, owner, new_identity):
    new_identity(actions=["*"])
    definition = azure.world.under(f"/subscriptions/{owner.subscription_id}", rbac.DEFINITIONS)[0]["id"]

    elsewhere = definition.replace(owner.subscription_id, "99999999-0000-4000-8000-000000000000")

    assert rbac.role(azure.world, definition).name == "enclave-tester"
    assert rbac.role(azure.world, elsewhere) is None
