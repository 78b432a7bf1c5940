import json
import uuid
from datetime import UTC, datetime

import pytest
from cryptography import x509

from enclaves.identity.azure import Trust, verify_attested
from enclaves.identity.errors import IdentityRefused
from sandbox.azure.types.compute.machines import NAME
from sandbox.azure.wire import Request

NONCE = "0123456789"
VERSION = {"api-version": "2021-02-01"}
HEADERS = {"host": "127.0.0.1:1", "metadata": "true"}
ATTESTED = "metadata/attested/document"


@pytest.fixture
def machine(azure, owner):
    """A machine that runs, put where Resource Manager would have put it."""
    path = f"/subscriptions/{owner.subscription_id}/resourceGroups/g/providers/{NAME}/{uuid.uuid4()}"
    made = {
        "id": path,
        "name": path.rsplit("/", 1)[1],
        "type": NAME,
        "location": "eastus",
        "zones": ["1"],
        "properties": {"vmId": str(uuid.uuid4()), "hardwareProfile": {"vmSize": "Standard_D4ps_v5"}},
    }
    azure.world.put(made)
    azure.world.facts(path).update(power="running", userData="c2V0dGluZ3M=")
    return made


@pytest.fixture
def ask(azure, machine):
    """Ask the metadata service of the machine: status and reply."""

    def call(path, *, vm_id=machine["properties"]["vmId"], method="GET", headers=HEADERS, **query):
        request = Request(method, f"/_sandbox/instances/{vm_id}/{path}", {**VERSION, **query}, headers)
        given = azure.answer(request)
        return given.status, given.body

    return call


@pytest.fixture
def trust(azure):
    raw = azure.answer(Request("GET", "/_sandbox/identity-certificates", {}, HEADERS)).body
    found = {name: x509.load_pem_x509_certificates(pem.encode()) for name, pem in json.loads(raw).items()}
    return Trust(**found)


def signature(answer):
    status, body = answer
    assert status == 200
    return json.loads(body)["signature"].encode()


def test_a_machine_gets_a_document_that_the_portal_believes(ask, trust, machine, owner):
    document = signature(ask(ATTESTED, nonce=NONCE))

    found = verify_attested(document, NONCE, datetime.now(UTC), trust)
    assert (found.subscription, found.vm_id) == (owner.subscription_id, machine["properties"]["vmId"])
    assert (found.expires - found.created).total_seconds() == 6 * 3600


def test_the_document_answers_one_question(ask, trust):
    document = signature(ask(ATTESTED, nonce=NONCE))

    with pytest.raises(IdentityRefused, match="another question"):
        verify_attested(document, "9876543210", datetime.now(UTC), trust)


def test_without_a_question_the_document_says_the_time(ask, trust):
    document, now = signature(ask(ATTESTED)), datetime.now(UTC)

    with pytest.raises(IdentityRefused, match="another question"):
        verify_attested(document, NONCE, now, trust)


@pytest.mark.parametrize("nonce", ["", "12345678901", "word"])
def test_a_nonce_is_a_number_of_ten_digits_at_most(ask, nonce):
    assert ask(ATTESTED, nonce=nonce)[0] == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:1"},
        {**HEADERS, "metadata": "false"},
        {**HEADERS, "x-forwarded-for": "10.0.0.1"},
    ],
)
def test_who_does_not_ask_as_a_machine_does_is_told_nothing(ask, headers):
    assert ask(ATTESTED, headers=headers)[0] == 400


def test_a_page_in_a_browser_cannot_reach_it(ask):
    assert ask(ATTESTED, headers={**HEADERS, "host": "evil.example"})[0] == 404


def test_the_version_of_the_question_is_needed(ask):
    assert ask(ATTESTED, **{"api-version": "latest"})[0] == 400


def test_a_machine_reads_its_user_data_as_it_was_given(ask):
    assert ask("metadata/instance/compute/userData", format="text") == (200, b"c2V0dGluZ3M=")
    assert ask("metadata/instance/compute/userData")[0] == 400


def test_a_machine_is_told_where_it_is(ask, machine, owner):
    status, body = ask("metadata/instance")

    told = json.loads(body)["compute"]
    assert (status, told["location"], told["zone"]) == (200, "eastus", "1")
    assert (told["resourceId"], told["subscriptionId"]) == (machine["id"], owner.subscription_id)


def test_what_does_not_run_is_told_nothing(azure, ask, machine):
    azure.world.facts(machine["id"])["power"] = "deallocated"

    assert ask(ATTESTED)[0] == 404


def test_what_there_is_not_is_told_nothing(ask):
    assert ask(ATTESTED, vm_id=str(uuid.uuid4()))[0] == 404
    assert ask("metadata/identity/oauth2/token")[0] == 404


def test_nothing_is_written_there(ask):
    assert ask(ATTESTED, method="POST")[0] == 405
