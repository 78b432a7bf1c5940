import http.client
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from sandbox.azure.server import EmbeddedAzure
from sandbox.azure.tls import make_certificates

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
DIRECTORY = "dddd1111-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def served():
    with EmbeddedAzure() as azure:
        yield azure


@pytest.fixture
def remote(served):
    """An SDK client that comes by TLS."""
    owner = served.add_subscription(SUBSCRIPTION, DIRECTORY)
    trusting = {"connection_verify": served.ca_file, "retry_total": 0}
    credential = ClientSecretCredential(
        DIRECTORY, owner.client_id, owner.client_secret,
        authority=served.authority_url, disable_instance_discovery=True, **trusting,
    )  # fmt: skip
    yield ResourceManagementClient(
        credential, SUBSCRIPTION, base_url=served.arm_url, polling_interval=0.01, **trusting
    )
    served.reset()


def test_the_sdk_comes_by_tls(served, remote):
    remote.resource_groups.create_or_update("tls", {"location": "eastus"})
    remote.resource_groups.begin_delete("tls").result()

    assert not remote.resource_groups.check_existence("tls")
    assert served.arm_url.startswith("https://127.0.0.1:")


def test_who_does_not_know_the_authority_does_not_come(served):
    credential = ClientSecretCredential(
        DIRECTORY, "c", "s", authority=served.authority_url, disable_instance_discovery=True, retry_total=0
    )

    with pytest.raises(ClientAuthenticationError, match="CERTIFICATE_VERIFY_FAILED"):
        credential.get_token("https://management.azure.com/.default")


def test_a_line_that_is_cut_breaks_before_the_answer(served, remote):
    served.faults.add(subscription=SUBSCRIPTION, action="*/resourceGroups/write", cut=True)

    with pytest.raises(ServiceResponseError):
        remote.resource_groups.create_or_update("cut", {"location": "eastus"})

    assert remote.resource_groups.check_existence("cut")


def test_many_callers_at_once_find_what_they_made(remote):
    names = [f"many-{number}" for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda name: remote.resource_groups.create_or_update(name, {"location": "eastus"}), names
            )
        )

    assert {group.name for group in remote.resource_groups.list()} >= set(names)


def test_one_connection_serves_many_calls(served):
    address = urlsplit(served.url)
    context = ssl.create_default_context(cafile=served.ca_file)
    line = http.client.HTTPSConnection(address.hostname, address.port, context=context, timeout=5)

    statuses = []
    for _ in range(3):
        line.request("GET", "/_sandbox/subscriptions")
        answer = line.getresponse()
        answer.read()
        statuses.append((answer.status, line.sock is not None))
    line.close()

    assert statuses == [(200, True)] * 3


def test_a_fault_of_the_sandbox_itself_is_told(served, remote, monkeypatch):
    monkeypatch.setattr(served.arm, "answer", lambda request: 1 / 0)

    with pytest.raises(Exception, match="The sandbox itself failed"):
        remote.resource_groups.get("g")


def test_the_key_is_the_users_alone(tmp_path):
    files = make_certificates(tmp_path)

    assert stat.S_IMODE(Path(files.key).stat().st_mode) == 0o600
    assert b"PRIVATE" not in files.certificate.read_bytes() + files.ca.read_bytes()


def test_machines_ask_about_themselves_without_tls_and_nothing_else(served):
    connection = http.client.HTTPConnection(urlsplit(served.metadata_url).netloc, timeout=10)
    told = []
    for path in (f"/_sandbox/instances/{SUBSCRIPTION}/metadata/instance", "/_sandbox/subscriptions"):
        connection.request("GET", path, headers={"Metadata": "true"})
        answer = connection.getresponse()
        told.append((answer.status, answer.read()))
    connection.close()

    assert told == [(404, b'{"error": "Not found"}'), (404, b'{"error": "There is no such page."}')]
