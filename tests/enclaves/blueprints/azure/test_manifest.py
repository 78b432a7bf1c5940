import pytest

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.names import HOST, OBSERVER, PROVISIONER, ROLES

EVERY = pytest.mark.parametrize(
    "permission", manifest.PERMISSIONS, ids=lambda each: f"{each.role}-{each.action}"
)


def test_every_permission_belongs_to_one_of_our_roles():
    assert {permission.role for permission in manifest.PERMISSIONS} == set(ROLES)


@EVERY
def test_actions_are_named_one_by_one(permission):
    assert "*" not in permission.action


@EVERY
def test_an_action_names_a_provider_a_type_and_what_is_done(permission):
    provider, *path, verb = permission.action.split("/")

    assert provider.startswith("Microsoft.")
    assert path != []
    assert verb in {"read", "write", "delete", "action"}


@EVERY
def test_every_permission_says_why_in_a_sentence(permission):
    assert permission.why[0].isupper()
    assert permission.why.endswith(".")


def test_what_changes_something_is_bound_to_the_zones_or_to_one_identity():
    places = {permission.resource for permission in manifest.of_role(PROVISIONER)}

    assert places == {manifest.ZONES, manifest.HOST_IDENTITY}


def test_the_observer_only_reads():
    verbs = {permission.action.rsplit("/", 1)[1] for permission in manifest.of_role(OBSERVER)}

    assert verbs == {"read"}


def test_the_observer_reads_nothing_that_is_stored():
    assert [permission.action for permission in manifest.of_role(OBSERVER) if permission.data] == []


@pytest.mark.parametrize(
    "provider",
    ["Microsoft.Authorization", "Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Resources"],
)
def test_the_provisioner_touches_neither_roles_nor_keys_nor_the_archive(provider):
    actions = [permission.action for permission in manifest.of_role(PROVISIONER)]

    assert [action for action in actions if action.startswith(provider)] == []


def test_the_provisioner_changes_machines_and_their_disks_and_nothing_else():
    changing = {
        permission.action
        for permission in manifest.of_role(PROVISIONER)
        if permission.action.endswith(("/write", "/delete"))
    }

    assert changing == {
        f"Microsoft.Compute/{kind}/{verb}"
        for kind in ("virtualMachines", "disks")
        for verb in ("write", "delete")
    }


def test_no_one_but_the_identity_of_hosts_can_be_given_to_a_host():
    assert [
        (permission.role, permission.resource)
        for permission in manifest.PERMISSIONS
        if permission.action.endswith("/assign/action")
    ] == [(PROVISIONER, manifest.HOST_IDENTITY)]


def test_a_host_can_neither_read_nor_change_nor_delete_what_it_archived():
    assert [(each.action, each.data) for each in manifest.of_role(HOST)] == [
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action", True)
    ]


def test_no_permission_is_granted_twice():
    seen = [(each.role, each.action, each.resource) for each in manifest.PERMISSIONS]

    assert len(seen) == len(set(seen))


def test_the_definitions_hold_every_permission_exactly_once():
    held = [permission for definition in manifest.DEFINITIONS for permission in definition.permissions]

    assert len(held) == len(manifest.PERMISSIONS)
    assert {(each.role, each.action) for each in held} == {
        (each.role, each.action) for each in manifest.PERMISSIONS
    }


def test_a_definition_grants_at_one_kind_of_place_only():
    places = [{permission.resource for permission in each.permissions} for each in manifest.DEFINITIONS]

    assert places == [{definition.place} for definition in manifest.DEFINITIONS]
