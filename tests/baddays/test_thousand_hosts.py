"""Cost grows with pages, not with rows: an enclave of 1,000 hosts, all as they should be."""

from copy import copy
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enclaves.models import Enclave, Host, HostImage, MachineType
from enclaves.provisioning import work
from enclaves.provisioning.reconcile import reconcile
from tenants.scope import tenant_scope

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

# A cost per row shows with a hundred; with a thousand also what a page holds.
SIZES = [100, pytest.param(1_000, marks=pytest.mark.soak)]
MOST_CLOUD_CALLS = 6


@pytest.fixture
def registered_cloud(proved):
    made = proved()
    with tenant_scope(made.by.tenant.pk):
        yield made


@pytest.mark.parametrize("hosts", SIZES)
def test_many_converged_hosts_cost_six_calls_and_as_many_queries_as_one(
    hosts, registered_cloud, aws, work_until_quiet
):
    deployment = registered_cloud.deploy(1)
    work_until_quiet()
    calls_of_one, queries_of_one = cost(registered_cloud, aws)
    add_hosts(registered_cloud, deployment.hosts.get(), hosts - 1)

    calls, queries = cost(registered_cloud, aws)

    assert (len(calls), queries) == (len(calls_of_one), queries_of_one)
    assert len(calls) <= MOST_CLOUD_CALLS
    assert Host.objects.count() == hosts
    assert set(Host.objects.values_list("state", flat=True)) == {"active"}
    assert Enclave.objects.get().unexplained == []


def add_hosts(cloud, first, count):
    """Put as many machines and rows like the first one there, without the worker."""
    ec2 = cloud.aws.client("ec2")
    image = HostImage.objects.get(architecture="arm64").image_id
    machine = MachineType.objects.get(name=first.machine).name
    subnet = Enclave.objects.get().resources["subnets"]["use1-az6"]
    rows = []
    for batch in [500] * (count // 500) + [count % 500]:
        made = ec2.run_instances(
            ImageId=image, InstanceType=machine, SubnetId=subnet, MinCount=batch, MaxCount=batch
        )
        rows += [like(first, number, one) for number, one in enumerate(made["Instances"], len(rows) + 2)]
    for row in rows:
        tags = {"enclave:host": str(row.pk), "enclave:registration": cloud.account.registration}
        ec2.create_tags(
            Resources=[row.instance_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )
    Host.objects.bulk_create(rows)


def like(first, number, machine):
    row = copy(first)
    row.launch_tried_at = None  # long ago: whoever is not listed now is gone
    row.pk, row.number, row.name, row.instance_id = uuid4(), number, f"query-{number}", machine["InstanceId"]
    return row


def cost(cloud, aws):
    """Return the calls to the cloud and the number of queries of one round."""
    work.ask(cloud.by.tenant.pk, "reconcile", cloud.enclave.pk, urgent=True)
    claimed = work.claim(urgent_only=True)
    enclave = Enclave.objects.select_related("account__tenant", "zone").get()
    before = len(aws.record.calls())
    with CaptureQueriesContext(connection) as queries:
        reconcile(enclave, claimed)
    claimed.release(look_again_at=None)
    return [call.action for call in aws.record.calls()[before:]], len(queries)
