"""Cost grows with pages, not with rows: an enclave of 1,000 hosts in Azure, all as they should be."""

import json
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enclaves.models import Enclave, Host
from enclaves.provisioning import work
from enclaves.provisioning.reconcile import reconcile
from tenants.scope import tenant_scope
from tests.baddays.test_thousand_hosts import like

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]

HOSTS = 1_000
MOST_CLOUD_CALLS = 6
OF_A_HOST = (
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/publicIPAddresses",
)


@pytest.fixture
def registered_cloud(proved):
    made = proved()
    with tenant_scope(made.by.tenant.pk):
        yield made


def test_a_thousand_converged_hosts_cost_six_calls_and_as_many_queries_as_one(
    registered_cloud, azure, work_until_quiet
):
    deployment = registered_cloud.deploy(1)
    work_until_quiet()
    calls_of_one, queries_of_one = cost(registered_cloud, azure)
    add_hosts(registered_cloud, deployment.hosts.get(), HOSTS - 1)

    calls, queries = cost(registered_cloud, azure)

    # Their addresses, with that of the way out, are one more than a page holds.
    assert (len(calls), queries) == (len(calls_of_one) + 1, queries_of_one)
    assert len(calls) <= MOST_CLOUD_CALLS
    assert set(Host.objects.values_list("state", flat=True)) == {"active"}
    assert Enclave.objects.get().unexplained == []


def add_hosts(cloud, first, count):
    """Put as many machines and rows like the first one there, without the worker."""
    rows = [like(first, number, {"InstanceId": ""}) for number in range(2, count + 2)]
    for row in rows:
        row.instance_id = f"host-{row.pk}"
    world = cloud.azure.azure.world
    with world.lock:
        originals = [
            one for kind in OF_A_HOST for one in cloud.azure.listed(kind) if str(first.pk) in one["id"]
        ]
        assert len(originals) == len(OF_A_HOST)
        for original, row in product(originals, rows):
            copied = json.loads(json.dumps(original).replace(str(first.pk), str(row.pk)))
            world.put(copied)
            world.facts(copied["id"]).update(world.facts(original["id"]))
    Host.objects.bulk_create(rows)


def cost(cloud, azure):
    """Return the calls to the cloud and the number of queries of one round."""
    work.ask(cloud.by.tenant.pk, "reconcile", cloud.enclave.pk, urgent=True)
    claimed = work.claim(urgent_only=True)
    enclave = Enclave.objects.select_related("account__tenant", "zone").get()
    before = len(azure.record.calls())
    with CaptureQueriesContext(connection) as queries:
        reconcile(enclave, claimed)
    claimed.release(look_again_at=None)
    return [call.action for call in azure.record.calls()[before:]], len(queries)
