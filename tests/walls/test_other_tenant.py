"""The things of another tenant, asked for below one's own address and by name in what one sends."""

import json
import re

import pytest

from tests.walls.people import ADMIN, ADMINS_TOKEN, ELSEWHERE, FOREIGN_TOKEN, HERE, STRANGER
from tests.walls.table import TABLE
from tests.walls.test_table import told

pytestmark = pytest.mark.django_db(databases=["default", "system"])

OF_TENANTS = [line for line in TABLE if "<slug:tenant>" in line.route]
# What an address may name; the other arguments say the same in every tenant.
THINGS = (
    "<uuid:",
    "<account:account>",
    "<str:account>",
    "<slug:application>",
    "<slug:grant>",
    "requests/<slug:name>",
)
OF_THINGS = [line for line in OF_TENANTS if any(thing in line.route for thing in THINGS)]
LISTS = [line for line in OF_TENANTS if line.method == "GET" and line not in OF_THINGS]
FORM_SECRET = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def text_of(answer):
    """What came; of a stream nothing, which does not end."""
    if not answer.streaming:
        return answer.content.decode()
    return "" if "event-stream" in answer["Content-Type"] else b"".join(answer.streaming_content).decode()


def asked_by(line):
    return ADMINS_TOKEN if line.route.startswith("api/") else ADMIN


@pytest.mark.parametrize("line", OF_THINGS, ids=str)
def test_what_is_another_tenants_looks_below_ones_own_address_like_what_does_not_exist(world, line):
    foreign = world.address(line.route, owner=ELSEWHERE, below=HERE)
    missing = world.address(line.route, owner=None, below=HERE)

    for person in (asked_by(line), ADMIN):
        answer = world.ask(person, line.method, foreign)
        assert (answer.status_code in (404, 400), world.written) == (True, [])
        assert alike(answer, foreign) == alike(world.ask(person, line.method, missing), missing)
        assert leaks(world.elsewhere, text_of(answer).replace(foreign, "")) == []


@pytest.mark.parametrize("line", OF_TENANTS, ids=str)
def test_what_a_member_is_told_holds_nothing_of_another_tenant(world, line):
    answer = world.ask(asked_by(line), line.method, world.address(line.route))

    assert leaks(world.elsewhere, text_of(answer)) == []


@pytest.mark.parametrize("line", OF_TENANTS, ids=str)
def test_what_a_stranger_is_told_holds_nothing_of_the_tenant(world, line):
    address = world.address(line.route)

    for person in (STRANGER, FOREIGN_TOKEN):
        text = text_of(world.ask(person, line.method, address)).replace(address, "")
        assert leaks(world.here, text) == []


@pytest.mark.parametrize("line", LISTS, ids=str)
def test_no_filter_finds_what_is_another_tenants(world, line):
    address = world.address(line.route)

    for name, thing in filters(world.elsewhere):
        text = text_of(world.ask(asked_by(line), "GET", f"{address}?{name}={thing}"))
        assert [mark for mark in leaks(world.elsewhere, text) if mark not in thing] == []


def test_a_body_that_names_what_is_another_tenants_makes_nothing(world):
    theirs, api = world.elsewhere, "/api/v1/tenants/acme/"
    account, zone = str(theirs.things["accounts"]), theirs.things["enclaves"].zone_id
    spec = world.spec(account)
    bodies = [
        ("enclaves/", {"account": account, "zone": zone}),
        ("deployments/", {"spec": spec}),
        (f"deployments/{theirs.things['deployments']}/apply/", {"plan_hash": "sha256:" + "0" * 64}),
        ("access-requests/", {"hosts": [str(theirs.things["hosts"])], "reason": "To look around."}),
    ]

    answers = [
        world.ask(ADMINS_TOKEN, "POST", api + path, json.dumps(body).encode()) for path, body in bodies
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 404, 400]
    assert [leaks(theirs, text_of(answer).replace(account, "")) for answer in answers] == [[]] * 4


def test_there_is_something_that_could_leak(world):
    texts = [text_of(world.ask(FOREIGN_TOKEN, "GET", f"/api/v1/tenants/globex/{noun}/")) for noun in NOUNS]

    assert all(leaks(world.elsewhere, text) for text in texts)
    assert told(world.ask(STRANGER, "GET", "/t/globex/")) == "let in"


NOUNS = ("cloud-accounts", "enclaves", "applications", "deployments", "hosts", "operations", "members")
NOUNS += ("access-requests",)


def leaks(estate, text):
    return [mark for mark in estate.marks if mark in text]


def filters(estate):
    """What a list may be asked for that is this tenant's."""
    things = estate.things
    yield from (("enclave", str(things["enclaves"])), ("enclave", str(things["enclaves"].pk)))
    yield from (("deployment", str(things["deployments"])), ("operation", str(things["operations"])))
    yield from (("account", str(things["accounts"])), ("application", f"app-of-{estate.name}"))
    yield from (("actor", estate.founder.email), ("subject", str(things["hosts"])), ("q", "query"))
    yield ("host", str(things["hosts"]))


def alike(answer, address):
    """An answer without what it repeats of its address, and of what every form has anew."""
    said = FORM_SECRET.sub("", text_of(answer).replace(address, ""))
    return answer.status_code, said
