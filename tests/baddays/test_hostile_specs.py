"""Specs that were never meant well, by page and by API: a clear error, and nothing changed."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.transaction import atomic, set_rollback
from django.test import Client
from django.utils import timezone

from enclaves.models import HostImage, MachineType
from tenants.gate import Actor
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tokens import create_token
from tests.baddays.conftest import ZONE, make_zone, register, taken_for_aws
from tests.baddays.registered import IMAGE
from tests.baddays.shared import admin_of, committed, developer_of, unchanged
from tests.baddays.snapshot import changed, snapshot
from tests.signing_in import sign_in

pytestmark = [pytest.mark.django_db(databases=["default", "system"])]

ACCOUNT = "aws:699999999999"


def spec(**changes):
    cluster = {
        "name": "query",
        "hosts": 3,
        "machine": {"vcpu": 2, "memory_gib": 8, "disk_gib": 100, "architecture": "arm64"},
    }
    whole = {"application": "recommender", "enclave": f"{ACCOUNT}/{ZONE}", "image": IMAGE}
    return {**whole, "clusters": [{**cluster, **changes.pop("cluster", {})}], **changes}


def text(**changes):
    return json.dumps(spec(**changes))


def machine(**changes):
    return {"machine": {**spec()["clusters"][0]["machine"], **changes}}


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "nothing": "",
    "a list": "[1, 2]",
    "a word": "hello",
    "no yaml": "application: [unclosed\n\tb: {",
    "a yaml bomb": BOMB,
    "a merge key": "base: &b {a: 1}\nclusters:\n  - <<: *b\n",
    "a python object": "!!python/object/apply:os.system ['id']",
    "a deep nest": "[" * 5000 + "]" * 5000,
    "a deep mapping": "{a: " * 500 + "1" + "}" * 500,
    "ten megabytes": text() + " " * 10_000_000,
    "one field of 300 kB": text(application="a" * 300_000),
    "an unknown field": text(budget="unlimited"),
    "an unknown field of a cluster": text(cluster={"root": True}),
    "an unknown field of a machine": text(cluster=machine(gpu=8)),
    "a missing field": json.dumps({name: value for name, value in spec().items() if name != "image"}),
    "a double field": "application: a\napplication: b\n",
    "ten thousand hosts": text(cluster={"hosts": 10_000}),
    "ten thousand hosts in twenty clusters": text(
        clusters=[{**spec()["clusters"][0], "name": f"c{number}", "hosts": 500} for number in range(20)]
    ),
    "a thousand clusters": text(
        clusters=[{**spec()["clusters"][0], "name": f"c{number}", "hosts": 1} for number in range(1000)]
    ),
    "no cluster": text(clusters=[]),
    "no host": text(cluster={"hosts": 0}),
    "fewer than no hosts": text(cluster={"hosts": -3}),
    "a fraction of a host": text(cluster={"hosts": 2.5}),
    "hosts in words": text(cluster={"hosts": "three"}),
    "hosts as a truth": text(cluster={"hosts": True}),
    "no number": text(cluster={"hosts": float("nan")}),
    "more than a number": text(cluster={"hosts": float("inf")}),
    "a number with a thousand digits": text().replace('"hosts": 3', f'"hosts": {"9" * 1000}'),
    "a number with five thousand digits": text().replace('"hosts": 3', f'"hosts": {"9" * 5000}'),
    "a list for a name": text(application=["recommender"]),
    "null": text(application=None),
    "a date": text().replace('"recommender"', "2026-01-01"),
    "letters from elsewhere": text(application="recömmender"),
    "digits from elsewhere": text(application="recommender٣"),
    "an emoji": text(cluster={"name": "🔥"}),
    "a surrogate": '{"application": "\\ud800"}',
    "a zero byte": text(application="a\x00b"),
    "text from right to left": text(application="\u202erednemmocer"),
    "a line break at the end": text(application="recommender\n"),
    "a line break at the end of a cluster": text(cluster={"name": "query\n"}),
    "a line break at the end of the image": text(image=f"{IMAGE}\n"),
    "a line break at the end of the enclave": text(enclave=f"{ACCOUNT}/{ZONE}\n"),
    "an image without a digest": text(image="registry.example.com/recommender:latest"),
    "an image with a command": text(image=f"$(id){IMAGE}"),
    "somebody else's enclave": text(enclave=f"aws:111122223333/{ZONE}"),
    "a path for a zone": text(enclave=f"{ACCOUNT}/../../etc/passwd"),
    "sql": text(application="'; DROP TABLE enclaves_host; --"),
    "html": text(application="<script>alert(1)</script>"),
    "a control character": "application: \x07",
    "a byte order mark in the middle": f"application: a\ufeff\n{text()}",
}


@dataclass
class World:
    admin: Actor
    browser: Client
    program: Client


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, running_aws):
    with committed(django_db_blocker), taken_for_aws(running_aws):
        offer()
        admin = admin_of("acme")
        register(running_aws, make_zone(), admin, ACCOUNT.removeprefix("aws:"))
        developer = developer_of(admin.tenant)
        with tenant_scope(admin.tenant.pk):
            until = timezone.now() + timedelta(days=1)
            _, secret = create_token("test", [Role.DEVELOPER], until, by=developer)
        browser = sign_in(Client(), developer.membership.user)
        yield World(admin, browser, Client(headers={"Authorization": f"Bearer {secret}"}))


def offer():
    """Just enough of a region's catalogue for a sane spec to be planned; nothing is launched."""
    where = {"cloud": "aws", "region": "us-east-1", "architecture": "arm64", "seen_at": timezone.now()}
    sizes = {"vcpu": 2, "memory_mib": 8192, "availability_zone_ids": ["use1-az6"]}
    MachineType.objects.create(name="m7g.large", **where, **sizes)
    HostImage.objects.create(image_id="ami-1", name="enclave-host-1", **where)


@pytest.fixture
def _django_db_helper(world, django_db_blocker):
    """In place of a transaction that is undone: no test changes what all share."""
    with unchanged(django_db_blocker, world.admin):
        yield


@pytest.fixture
def browser(world):
    return world.browser


@pytest.fixture
def program(world):
    return world.program


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_spec_that_makes_no_sense_changes_nothing(source, browser, program):
    before = snapshot()
    address = "/api/v1/tenants/acme/deployments/"

    page = browser.post("/t/acme/deployments/new/", {"source": source})
    wrapped = program.post(address, json.dumps({"spec": source}), content_type="application/json")
    yaml = program.post(address, source.encode("utf-8", "replace"), content_type="application/yaml")

    assert changed(before) == []
    assert (page.status_code, wrapped.status_code, yaml.status_code) in EXPECTED
    for answer in (wrapped, yaml):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert len(answer.content) < 10_000
        assert answer.json()["detail"]
    assert "<script>alert" not in page.content.decode()


# A body of more than a megabyte is not read at all.
EXPECTED = [(400, 400, 400), (400, 413, 413), (413, 413, 413)]


OBJECTS = {
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "a string": '"hello"',
    "not json": "{",
    "a deep nest": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "an unknown field": text(budget=1),
    "no number": text(cluster={"hosts": float("nan")}),
    "a surrogate": '{"application": "\\ud800"}',
    "a zero byte": text(application="a\x00b"),
    "fields with strange names": json.dumps({"a\x00": 1, "": 2, "\ud800": 3}),
    "a whole number with a point": text(cluster={"hosts": 10_000.0}),
    "a huge number": text().replace('"hosts": 3', '"hosts": 1e400'),
    "no text": b"\xff\xfe\x00",
    "a spec twice": json.dumps({"spec": text(), "application": "b"}),
    "a spec that is no text": json.dumps({"spec": {"a": 1}}),
}


@pytest.mark.parametrize("body", OBJECTS.values(), ids=OBJECTS)
def test_an_object_that_makes_no_sense_changes_nothing(body, program):
    before = snapshot()

    answer = program.post("/api/v1/tenants/acme/deployments/", body, content_type="application/json")

    assert changed(before) == []
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("hosts", [3, 3.0])
def test_the_same_spec_without_its_evil_is_taken(hosts, program):
    source = text(cluster={"hosts": hosts})

    with atomic():
        answer = program.post("/api/v1/tenants/acme/deployments/", source, content_type="application/json")
        set_rollback(True)

    assert (answer.status_code, len(answer.json()["plan"]["create"])) == (201, 3)
