"""That the portal uses all that the templates grant, and that nothing works beyond it."""

import contextlib
from dataclasses import dataclass

import pytest

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.names import DISK_ENCRYPTION, HOST, OBSERVER, PROVISIONER, WALLS_NAME, subject
from enclaves.providers.azure import versions
from enclaves.providers.base import Outcome, ProgressState, ProviderError, Trouble
from sandbox.azure import rbac
from sandbox.azure.errors import ArmError
from tests.enclaves.providers.tenant_subscription import PLACE

READS = sorted(manifest.OBSERVING.actions)
CHANGES = sorted(manifest.PROVISIONING.actions)
TITLES = {PROVISIONER: manifest.PROVISIONING.title, OBSERVER: manifest.OBSERVING.title}


def live(enclave):
    """Do everything that the portal ever does in a subscription, once; tell what went wrong."""
    provider = enclave.provider()
    troubles = [finding for finding in provider.prove_account() if finding.outcome != Outcome.PASSED]
    proof = provider.prove_zone(PLACE)
    troubles += [finding for finding in proof.findings if finding.outcome != Outcome.PASSED]
    provider.offers(PLACE)
    host = provider.launch(PLACE, enclave.resources, enclave.order())
    assert provider.follow(PLACE, host.operation).state == ProgressState.DONE
    assert [each.instance_id for each in provider.list_hosts(PLACE)] == [host.instance_id]
    assert provider.healthy_hosts(PLACE, [host.instance_id]) == {host.instance_id}
    provider.terminate(PLACE, [host.instance_id])
    assert provider.list_hosts(PLACE) == []
    return troubles


@dataclass(frozen=True)
class Asked:
    """One thing that an identity of ours had to be allowed."""

    role: str
    action: str
    refused: bool


@pytest.fixture
def asked(whole, azure, monkeypatch):
    """All that the pretend Azure asked whether our identities may do."""
    seen = []
    check = rbac.check

    def remember(world, caller, action, *rest):
        try:
            check(world, caller, action, *rest)
        except ArmError:
            seen.append(Asked(caller.role, action, refused=True))
            raise
        seen.append(Asked(caller.role, action, refused=False))

    monkeypatch.setattr(rbac, "check", remember)
    return seen


@pytest.fixture
def whole(enclave, resources):
    """An enclave that was proved; what the proof found stays with it."""
    enclave.resources = resources
    return enclave


@pytest.fixture
def acting(whole):
    """Call Azure as one of our identities: ``acting[PROVISIONER]().listed(KIND, path)``."""
    sessions = whole.provider()._sessions
    return {OBSERVER: lambda: sessions.observer, PROVISIONER: lambda: sessions.provisioner}


def test_a_whole_life_needs_no_more_than_the_templates_grant(whole):
    assert live(whole) == []


def test_what_the_portal_does_in_a_whole_life_is_the_manifest(whole, asked):
    live(whole)

    own = {(each.role, each.action) for each in manifest.PERMISSIONS if each.role != HOST}
    assert {(each.role, each.action) for each in asked} == own


@pytest.mark.parametrize("action", READS)
def test_without_a_read_something_of_a_life_is_refused(whole, asked, action):
    whole.regrant(TITLES[OBSERVER], [each for each in READS if each != action])

    with contextlib.suppress(ProviderError):
        live(whole)

    assert {each.action for each in asked if each.refused} == {action}


@pytest.mark.parametrize("action", CHANGES)
def test_without_a_change_a_launch_or_its_end_is_refused(whole, action):
    whole.regrant(TITLES[PROVISIONER], [each for each in CHANGES if each != action])
    provider = whole.provider()

    with pytest.raises(ProviderError) as refusal:
        provider.terminate(PLACE, [provider.launch(PLACE, whole.resources, whole.order()).instance_id])

    assert (refusal.value.trouble, action in str(refusal.value)) == (Trouble.REFUSED, True)


def test_without_the_right_to_give_the_hosts_identity_a_launch_is_refused(whole):
    whole.regrant(manifest.GIVING_IDENTITY.title, [])

    with pytest.raises(ProviderError, match="assign/action"):
        whole.provider().launch(PLACE, whole.resources, whole.order())


def test_no_identity_but_the_hosts_can_be_given_to_a_machine(whole):
    archive = f"{whole.group}/providers/{versions.IDENTITY}/enclave-archive"

    with pytest.raises(ProviderError, match="assign/action"):
        whole.provider().launch(PLACE, {**whole.resources, "host_identity_id": archive}, whole.order())


def test_no_machine_can_be_made_outside_the_zones_group(whole):
    elsewhere = f"/subscriptions/{whole.number}/resourceGroups/own"
    whole.owner("PUT", elsewhere, {"location": "eastus"}, versions.VERSIONS[versions.GROUP])

    with pytest.raises(ProviderError) as refusal:
        whole.provider()._sessions.provisioner.create(
            versions.MACHINE, f"{elsewhere}/providers/{versions.MACHINE}/own", {"location": "eastus"}
        )

    assert refusal.value.trouble == Trouble.REFUSED


FORBIDDEN = {
    "change the wall": (versions.SECURITY_GROUP, WALLS_NAME),
    "change how disks are encrypted": (versions.DISK_ENCRYPTION, DISK_ENCRYPTION),
    "make a network": (versions.VIRTUAL_NETWORK, "own"),
    "make a public address": (versions.PUBLIC_ADDRESS, "own"),
    "make a vault": (versions.VAULT, "enclaveown12345"),
    "make a storage account": (versions.STORAGE, "enclaveown12345"),
    "make an identity": (versions.IDENTITY, "own"),
    "give somebody a role": (versions.ROLE_ASSIGNMENT, "0c0c0c0c-0000-4000-8000-000000000001"),
    "change a role": (versions.ROLE_DEFINITION, "0c0c0c0c-0000-4000-8000-000000000001"),
}


@pytest.mark.parametrize("role", [OBSERVER, PROVISIONER])
@pytest.mark.parametrize("wish", FORBIDDEN)
def test_neither_identity_can(whole, acting, role, wish):
    kind, name = FORBIDDEN[wish]
    arm, path = acting[role](), f"{whole.group}/providers/{kind}/{name}"

    with pytest.raises(ProviderError) as writing:
        arm.create(kind, path, {"location": "eastus", "properties": {}})
    with pytest.raises(ProviderError) as deleting:
        arm.delete(kind, path)

    assert (writing.value.trouble, deleting.value.trouble) == (Trouble.REFUSED, Trouble.REFUSED)


def test_the_observer_can_change_no_machine(whole, acting):
    path = f"{whole.group}/providers/{versions.MACHINE}/own"

    with pytest.raises(ProviderError) as refusal:
        acting[OBSERVER]().delete(versions.MACHINE, path)

    assert refusal.value.trouble == Trouble.REFUSED


def test_the_provisioner_can_read_nothing_beyond_what_disks_are_encrypted_with(whole, acting):
    for kind in (versions.VAULT, versions.STORAGE, versions.VIRTUAL_NETWORK, versions.MACHINE):
        with pytest.raises(ProviderError) as refusal:
            acting[PROVISIONER]().listed(kind, f"{whole.group}/providers/{kind}")
        assert refusal.value.trouble == Trouble.REFUSED


def test_the_portal_cannot_become_the_identity_of_hosts(whole):
    client_id = whole.provider()._sessions.client_id(HOST)

    with pytest.raises(ProviderError) as refusal:
        whole.provider()._sessions.knock(client_id, subject(whole.tenant, whole.number, HOST))

    assert refusal.value.trouble == Trouble.REFUSED
