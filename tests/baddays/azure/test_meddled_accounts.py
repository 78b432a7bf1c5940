"""Somebody changes the tenant's subscription under the portal: it is named, nothing is changed, it heals."""

from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils.html import escape

from enclaves.blueprints.azure.names import (
    FEDERATED_CREDENTIAL,
    NETWORK_NAME,
    OBSERVER,
    PROVISIONER,
    group_id,
    identity_id,
    role_id,
    subject,
    zone_group,
)
from enclaves.models import Operation
from enclaves.provisioning.clouds import claim_of
from tenants.errors import Refused
from tests.baddays.azure.conftest import ZONE, RegisteredAzure

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

MACHINES = "Microsoft.Compute/virtualMachines"
LAUNCH, END = f"{MACHINES}/write", f"{MACHINES}/delete"
GROUPS = "Microsoft.Resources/resourceGroups"
CREDENTIALS = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
STRANGER = "tenant:00000000-0000-4000-8000-00000000dead:subscription:0:role:observer"


@dataclass
class Damage:
    """Something that the subscription's owner did; ``mend`` is how it is undone."""

    code: str
    names: tuple[str, ...]  # what the check has to name
    states: tuple[str, str]

    def do(self, cloud: RegisteredAzure) -> None: ...
    def mend(self, cloud: RegisteredAzure) -> None:
        cloud.apply_account_template()


class PermissionGone(Damage):
    def do(self, cloud):
        def narrow(role):
            role["properties"]["permissions"][0]["actions"].remove(END)

        definition = role_id(cloud.account.number, PROVISIONER).rpartition("/")[2]
        cloud.azure.change("Microsoft.Authorization/roleDefinitions", definition, narrow)


class SubnetGone(Damage):
    def do(self, cloud):
        group = group_id(cloud.account.number, zone_group(ZONE))
        network = f"{group}/providers/Microsoft.Network/virtualNetworks/{NETWORK_NAME}"
        cloud.azure.drop(f"{network}/subnets/hosts")


class SecondGroup(Damage):
    def do(self, cloud):
        group = cloud.azure.find(GROUPS, zone_group(ZONE))
        group["id"] = self.made = group_id(cloud.account.number, "copied")
        cloud.azure.put(group)

    def mend(self, cloud):
        cloud.azure.delete(self.made)


class SubjectChanged(Damage):
    """The observer trusts another subject than ours."""

    def do(self, cloud):
        identity = identity_id(cloud.account.number, OBSERVER)
        credential = f"{identity}/federatedIdentityCredentials/{FEDERATED_CREDENTIAL}"
        cloud.azure.change(CREDENTIALS, credential, lambda it: it["properties"].update(subject=STRANGER))


class StrangerTrusted(Damage):
    """The observer trusts the subject of another tenant, besides ours."""

    def do(self, cloud):
        identity = identity_id(cloud.account.number, OBSERVER)
        ours = cloud.azure.find(
            CREDENTIALS, f"{identity}/federatedIdentityCredentials/{FEDERATED_CREDENTIAL}"
        )
        other = subject(claim_of(cloud.account).canary_tenant, cloud.account.number, OBSERVER)
        self.made = ours["id"] = f"{identity}/federatedIdentityCredentials/besides"
        ours["properties"]["subject"] = other
        cloud.azure.put(ours)

    def mend(self, cloud):
        cloud.azure.delete(self.made)


PERMISSION = PermissionGone("provisioner-permissions", (END, PROVISIONER), ("degraded", "ready"))
SUBNET = SubnetGone("network", ("hosts",), ("degraded", "degraded"))
GROUP = SecondGroup("group", ("copied", zone_group(ZONE)), ("degraded", "degraded"))
SUBJECT = SubjectChanged("observer-answers", (OBSERVER,), ("degraded", "ready"))
TRUST = StrangerTrusted("canary-tenant", (OBSERVER,), ("insecure", "ready"))
ALL = [PERMISSION, SUBNET, GROUP, SUBJECT, TRUST]


def named(damage):
    return type(damage).__name__


def changes(cloud):
    """How many calls to the subscription changed a machine."""
    return sum(call in (f"{LAUNCH} ok", f"{END} ok") for call in cloud.azure.calls())


def page_of(cloud, client):
    client.force_login(cloud.by.membership.user)
    account = client.get(f"/t/acme/accounts/{cloud.account}/").content.decode()
    enclave = client.get(f"/t/acme/enclaves/{cloud.account}/{cloud.enclave.zone_id}/").content.decode()
    return account + enclave


@pytest.mark.parametrize("damage", ALL, ids=named)
def test_what_is_wrong_is_named_and_nothing_is_changed(damage, acme_cloud, client: Client, work_until_quiet):
    deployment = acme_cloud.deploy(1)
    damage.do(acme_cloud)
    work_until_quiet(rounds=3)

    check = acme_cloud.account.checks.get(code=damage.code)
    assert (check.outcome, bool(check.advice)) == ("failed", True)
    said = f"{check.title} {check.evidence}"
    assert [name for name in damage.names if name not in said] == []
    assert acme_cloud.states() == damage.states
    assert (changes(acme_cloud), deployment.hosts.get().state) == (0, "planned")
    page = page_of(acme_cloud, client)
    assert (escape(check.title) in page, escape(check.advice) in page) == (True, True)
    with pytest.raises(Refused):
        acme_cloud.deploy(2)


@pytest.mark.parametrize("damage", [PERMISSION, GROUP, SUBJECT, TRUST], ids=named)
def test_once_it_is_mended_the_deployment_goes_on(damage, acme_cloud, work_until_quiet):
    deployment = acme_cloud.deploy(1)
    damage.do(acme_cloud)
    work_until_quiet(rounds=2)

    damage.mend(acme_cloud)
    work_until_quiet()

    deployment.refresh_from_db()
    assert acme_cloud.states() == ("verified", "ready")
    assert (deployment.state, len(acme_cloud.azure.host_ids())) == ("live", 1)


@pytest.mark.parametrize("damage", [GROUP, SUBJECT], ids=named)
def test_a_deployment_under_way_stops_where_it_is(damage, acme_cloud, azure, work_until_quiet):
    acme_cloud.deploy(2)
    work_until_quiet()
    before = acme_cloud.azure.host_ids()
    acme_cloud.deploy(1)
    azure.record.clear()
    damage.do(acme_cloud)

    work_until_quiet(rounds=4)

    operation = Operation.objects.latest("created_at")
    assert (changes(acme_cloud), acme_cloud.azure.host_ids()) == (0, before)
    assert (operation.state, "no change is made" in operation.steps[0]["detail"]) == ("running", True)
