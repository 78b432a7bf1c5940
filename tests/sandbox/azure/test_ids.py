import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.ids import ResourceId, within

KEY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/V/keys/K"


def test_a_child_knows_its_parent_group_and_subscription():
    key = ResourceId.parse(KEY)

    assert (key.type, key.names, key.name) == ("Microsoft.KeyVault/vaults/keys", ("V", "K"), "K")
    assert (key.subscription, key.group, key.namespace) == ("S", "G", "Microsoft.KeyVault")
    assert key.parent == ResourceId.parse(KEY.removesuffix("/keys/K"))


def test_the_sdks_spelling_of_groups_is_mended():
    assert ResourceId.parse("/SUBSCRIPTIONS/S/resourcegroups/G").text == "/subscriptions/S/resourceGroups/G"


def test_an_extension_hangs_at_another_resource():
    assignment = ResourceId.parse(f"{KEY}/providers/Microsoft.Authorization/roleAssignments/A")

    assert (assignment.scope, assignment.type) == (KEY, "Microsoft.Authorization/roleAssignments")


def test_a_group_is_a_resource_of_the_subscription():
    group = ResourceId.parse("/subscriptions/S/resourceGroups/G")

    assert (group.type, group.scope, group.name) == (
        "Microsoft.Resources/resourceGroups",
        "/subscriptions/S",
        "G",
    )
    assert group.action_type == "Microsoft.Resources/subscriptions/resourceGroups"


def test_a_group_may_be_called_providers():
    path = "/subscriptions/S/resourceGroups/providers/providers/Microsoft.Compute/disks/D"

    assert (ResourceId.parse(path).group, ResourceId.parse(path).type) == (
        "providers",
        "Microsoft.Compute/disks",
    )


@pytest.mark.parametrize(
    "text", ["", "/", "/subscriptions", "/tenants/T", "/subscriptions/S/other/X", f"{KEY}/versions",
             "/subscriptions/S/providers/Microsoft.Compute"]
)  # fmt: skip
def test_half_an_id_is_none(text):
    with pytest.raises(ArmError):
        ResourceId.parse(text)


def test_within_goes_by_whole_names():
    answers = [
        within("/subscriptions/S", KEY),
        within(KEY, KEY.upper()),
        within("/subscriptions/S/resourceGroups/G", KEY[:-1]),
    ]

    assert answers == [True, True, True]
    assert not within("/subscriptions/S/resourceGroups/G", "/subscriptions/S/resourceGroups/G2")
