"""The API of staff: what the pages show, in the shapes that the document promises; and tenants are told."""

import pytest

from enclaves.models import CloudAccount, Enclave, Operation, Zone
from tenants.models import StaffEvent
from tenants.policy import StaffRole

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

LISTS = {"cloud-accounts": "accounts", "enclaves": "enclaves", "hosts": "hosts", "operations": "operations"}
NEW_ZONE = {
    "name": "prod.aws-sa-east-1a",
    "environment": "prod",
    "cloud": "aws",
    "region": "sa-east-1",
    "availability_zone_ids": ["sae1-az1"],
}


def test_a_list_has_the_rows_of_all_tenants_and_each_is_told(fleet, session, looks):
    client = session()

    rows = {noun: client.get(f"{noun}/").json()["results"] for noun in LISTS}

    assert [{row["tenant"] for row in rows[noun]} for noun in LISTS] == [{"acme", "globex"}] * 4
    for tenant in fleet:
        assert [event.subject for event in looks(tenant)] == list(LISTS.values())


def test_a_single_thing_is_told_to_its_tenant_alone(fleet, session, looks, host_of):
    acme, globex = fleet
    client = session()
    things = {
        "cloud-accounts": CloudAccount.objects.using("system").get(tenant=acme),
        "enclaves": Enclave.objects.using("system").get(tenant=acme),
        "hosts": host_of(acme),
        "operations": Operation.objects.using("system").filter(tenant=acme).first(),
    }

    answers = [client.get(f"{noun}/{thing.pk}/").json() for noun, thing in things.items()]

    assert [(answer["id"], answer["tenant"]) for answer in answers] == [
        (str(thing.pk), "acme") for thing in things.values()
    ]
    assert [event.subject_id for event in looks(acme)] == [str(thing.pk) for thing in things.values()]
    assert looks(globex) == []


def test_a_tenant_has_its_counts_and_is_told(fleet, session, looks):
    acme, _ = fleet

    answer = session().get("tenants/acme/").json()

    assert (answer["hosts"], answer["enclaves"], answer["cloud_accounts"]) == (2, 1, 1)
    assert [event.subject for event in looks(acme)] == ["acme"]


def test_figures_and_the_names_of_tenants_are_no_look(fleet, session, looks):
    client = session()

    figures, tenants = client.get("fleet/").json(), client.get("tenants/?q=acme").json()["results"]

    assert (figures["hosts_active"], figures["zones"][0]["tenants"]) == (4, 2)
    assert [tenant["name"] for tenant in tenants] == ["acme"]
    assert [looks(tenant) for tenant in fleet] == [[], []]


def test_no_answer_holds_what_would_let_somebody_in(fleet, session):
    acme, _ = fleet
    account = CloudAccount.objects.using("system").get(tenant=acme)
    client = session()

    told = client.get("cloud-accounts/").text + client.get(f"cloud-accounts/{account.pk}/").text

    assert (account.external_id in told, account.registration in told) == (False, True)


def test_filters_narrow_and_unknown_ones_are_refused(fleet, session, looks):
    acme, globex = fleet
    client = session()

    found = client.get("hosts/?tenant=globex&state=active&q=query-1").json()["results"]
    refused = [client.get(f"hosts/?{wish}").status_code for wish in ("colour=red", "state=odd", "after=x")]

    assert [(host["tenant"], host["name"]) for host in found] == [("globex", "query-1")]
    assert refused == [400, 400, 400]
    assert (len(looks(acme)), len(looks(globex))) == (0, 1)


def test_what_is_not_there_is_not_found(session):
    client = session()
    nothing = "00000000-0000-4000-8000-000000000001"

    answers = [client.get(f"{noun}/{nothing}/").status_code for noun in LISTS]

    assert [*answers, client.get("tenants/nosuch/").status_code] == [404] * 5


def test_operators_keep_the_zones(session, zones):
    client = session(StaffRole.OPERATOR)

    made = client.post("zones/", NEW_ZONE)
    again = client.post("zones/", NEW_ZONE)
    closed = client.patch(f"zones/{NEW_ZONE['name']}/", {"is_open": False})

    assert (made.status_code, again.status_code) == (201, 409)
    assert (closed.json()["is_open"], Zone.objects.get(name=NEW_ZONE["name"]).is_open) == (False, False)
    assert list(StaffEvent.objects.order_by("recorded_at").values_list("action", flat=True))[-2:] == [
        "zone.added",
        "zone.closed",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "somewhere"),
        ("name", "prod.azure-x"),
        ("region", "no region!"),
        ("availability_zone_ids", []),
        ("availability_zone_ids", ["No!"]),
        ("cloud", "gcp"),
    ],
)
def test_a_zone_that_makes_no_sense_is_refused(session, zones, field, value):
    answer = session(StaffRole.OPERATOR).post("zones/", {**NEW_ZONE, field: value})

    assert answer.status_code == 400
    assert field in {fault["field"].partition(".")[0] for fault in answer.json()["errors"]}
    assert not Zone.objects.filter(region="sa-east-1").exists()


def test_others_see_the_zones_and_change_none(session, zones):
    client = session(StaffRole.SUPPORT)

    assert client.get("zones/").status_code == 200
    assert client.post("zones/", NEW_ZONE).status_code == 403
    assert client.patch("zones/prod.aws-us-east-1c/", {"is_open": False}).status_code == 403
    assert Zone.objects.get(name="prod.aws-us-east-1c").is_open
