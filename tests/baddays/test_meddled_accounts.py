"""Somebody changes the tenant's account under the portal: it is named, nothing is changed, it heals."""

import json
import os
import signal
from dataclasses import dataclass

import pytest
from django.test import Client

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER
from enclaves.models import CloudAccount, Operation
from enclaves.services import accounts
from sandbox.aws.client import delete_stack
from tenants.errors import Refused
from tests.baddays.aws_account import REGION, AwsAccount
from tests.baddays.mortal import Workers
from tests.baddays.trap import Trap, set_late

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

LAUNCH, END = "ec2:RunInstances", "ec2:TerminateInstances"


@dataclass
class Damage:
    """Something that the account's owner did; ``mend`` is how it is undone."""

    code: str
    names: tuple[str, ...]  # what the check has to name
    states: tuple[str, str]

    def do(self, account: AwsAccount) -> None: ...
    def mend(self, cloud) -> None: ...


def renew(cloud, stack):
    """Delete a stack and apply its template again: applying an unchanged one mends nothing, as in AWS."""
    delete_stack(cloud.aws.url, cloud.account.number, REGION, stack)
    cloud.apply_templates()


class PermissionGone(Damage):
    def mend(self, cloud):
        renew(cloud, "enclave-account")

    def do(self, account):
        iam = account.client("iam")
        policy = iam.get_role_policy(RoleName=PROVISIONER, PolicyName=PROVISIONER)["PolicyDocument"]
        policy["Statement"] = [one for one in policy["Statement"] if one["Action"] != [END]]
        iam.put_role_policy(RoleName=PROVISIONER, PolicyName=PROVISIONER, PolicyDocument=json.dumps(policy))


class SubnetGone(Damage):
    def do(self, account):
        ec2 = account.client("ec2")
        inside = {"Name": "vpc-endpoint-type", "Values": ["Interface"]}
        endpoints = ec2.describe_vpc_endpoints(Filters=[inside])["VpcEndpoints"]
        ec2.delete_vpc_endpoints(VpcEndpointIds=[one["VpcEndpointId"] for one in endpoints])
        ec2.delete_subnet(SubnetId=account.find("subnets", "hosts"))


class SecondNetwork(Damage):
    def do(self, account):
        ec2 = account.client("ec2")
        tags = ec2.describe_vpcs(VpcIds=[account.find("vpcs")])["Vpcs"][0]["Tags"]
        first = account.find("vpcs")
        self.made = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[self.made], Tags=tags)
        self.names = (self.made, first)

    def mend(self, cloud):
        cloud.aws.client("ec2").delete_vpc(VpcId=self.made)


class ExternalIdGone(Damage):
    def do(self, account):
        self._condition(account, None)

    def mend(self, cloud):
        self._condition(cloud.aws, {"StringEquals": {"sts:ExternalId": cloud.account.external_id}})

    def _condition(self, account, condition):
        iam = account.client("iam")
        trust = iam.get_role(RoleName=OBSERVER)["Role"]["AssumeRolePolicyDocument"]
        trust["Statement"][0].pop("Condition", None)
        if condition:
            trust["Statement"][0]["Condition"] = condition
        iam.update_assume_role_policy(RoleName=OBSERVER, PolicyDocument=json.dumps(trust))


PERMISSION = PermissionGone("provisioner-permissions", (END, PROVISIONER), ("degraded", "ready"))
SUBNET = SubnetGone("host-subnets", ("use1-az6",), ("degraded", "degraded"))
NETWORK = SecondNetwork("network", (), ("degraded", "degraded"))
TRUST = ExternalIdGone("without-id", (OBSERVER,), ("insecure", "ready"))
DAMAGES = pytest.mark.parametrize(
    "damage", [PERMISSION, SUBNET, NETWORK, TRUST], ids=lambda damage: type(damage).__name__
)


def states(cloud):
    cloud.account.refresh_from_db()
    cloud.enclave.refresh_from_db()
    return cloud.account.state, cloud.enclave.state


def changes(cloud):
    """How many calls to the account could have changed a machine."""
    carried_out = (f"{LAUNCH} ok", f"{END} ok")
    return sum(call in carried_out for call in cloud.aws.calls())


def page_of(cloud, client):
    client.force_login(cloud.by.membership.user)
    account = client.get(f"/t/acme/accounts/{cloud.account}/").content.decode()
    enclave = client.get(f"/t/acme/enclaves/{cloud.account}/{cloud.enclave.zone_id}/").content.decode()
    return account + enclave


@DAMAGES
def test_what_is_wrong_is_named_and_nothing_is_changed(damage, acme_cloud, client: Client, work_until_quiet):
    deployment = acme_cloud.deploy(1)
    damage.do(acme_cloud.aws)
    work_until_quiet(rounds=3)

    check = acme_cloud.account.checks.get(code=damage.code)
    assert (check.outcome, bool(check.advice)) == ("failed", True)
    said = f"{check.title} {check.evidence}"
    assert [name for name in damage.names if name not in said] == []
    assert states(acme_cloud) == damage.states
    assert (changes(acme_cloud), deployment.hosts.get().state) == (0, "planned")
    page = page_of(acme_cloud, client)
    assert (check.title in page, check.advice in page) == (True, True)
    with pytest.raises(Refused):
        acme_cloud.deploy(2)


@pytest.mark.parametrize("damage", [PERMISSION, NETWORK, TRUST], ids=lambda damage: type(damage).__name__)
def test_once_it_is_mended_the_deployment_goes_on(damage, acme_cloud, work_until_quiet):
    deployment = acme_cloud.deploy(1)
    damage.do(acme_cloud.aws)
    work_until_quiet(rounds=2)

    damage.mend(acme_cloud)
    work_until_quiet()

    deployment.refresh_from_db()
    assert states(acme_cloud) == ("verified", "ready")
    assert (deployment.state, len(acme_cloud.aws.host_ids())) == ("live", 1)


@pytest.mark.parametrize("damage", [PERMISSION, NETWORK, TRUST], ids=lambda damage: type(damage).__name__)
def test_a_deployment_under_way_stops_where_it_is(damage, acme_cloud, work_until_quiet):
    acme_cloud.deploy(2)
    work_until_quiet()
    before = acme_cloud.aws.host_ids()
    acme_cloud.deploy(1)
    acme_cloud.aws.aws.record.clear()
    damage.do(acme_cloud.aws)

    work_until_quiet(rounds=4)

    operation = Operation.objects.latest("created_at")
    assert (changes(acme_cloud), acme_cloud.aws.host_ids()) == (0, before)
    assert (operation.state, "no change is made" in operation.steps[0]["detail"]) == ("running", True)


def test_a_freeze_stops_a_round_between_two_launches(acme_cloud, aws, monkeypatch, tmp_path):
    trap = Trap(signal.SIGSTOP)
    set_late(aws, trap, monkeypatch)
    deployment = acme_cloud.deploy(5)
    with Workers(tmp_path / "workers.log") as workers:
        trap.lay(lambda step: step.before == step.action == LAUNCH)
        paused = workers.start()
        trap.name(paused)
        trap.wait()
        accounts.freeze_account(CloudAccount.objects.get(pk=acme_cloud.account.pk), by=acme_cloud.by)
        os.killpg(paused, signal.SIGCONT)
        workers.wait()

    assert len(acme_cloud.aws.host_ids()) == 2
    assert sorted(deployment.hosts.values_list("state", flat=True)) == ["planned"] * 3 + ["provisioned"] * 2
    assert Operation.objects.latest("created_at").state == "frozen"
