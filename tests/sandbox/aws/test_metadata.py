import http.client
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from enclaves.identity.aws import verify_document
from enclaves.identity.errors import IdentityRefused
from sandbox.aws.client import SandboxError, control
from sandbox.aws.metadata import Metadata
from sandbox.aws.wire import Request

DOCUMENT = "dynamic/instance-identity/rsa2048"


@pytest.fixture
def ask(aws):
    """Ask the metadata service of an instance, with headers: status and body."""

    def call(instance, path, method="GET", **headers):
        connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/_sandbox/instances/{instance}/latest/{path}", headers=named)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    return call


@pytest.fixture
def token_of(ask):
    """A token of an instance, as a header."""

    def get(instance, seconds="60"):
        status, token = ask(instance, "api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds=seconds)
        assert status == 200
        return {"X_aws_ec2_metadata_token": token}

    return get


@pytest.fixture
def instance(network):
    return network.launch(1, UserData="the agent's settings")[0]["InstanceId"]


def certificates(aws, region):
    found = control(aws.url, "GET", f"identity-certificates?region={region}")
    return {name: x509.load_pem_x509_certificates(pem.encode()) for name, pem in found.items()}


def test_an_instance_gets_a_document_that_the_portal_believes(aws, ask, token_of, instance, account):
    status, document = ask(instance, DOCUMENT, **token_of(instance))

    now = datetime.now(UTC)
    found = verify_document(document.encode(), "us-east-1", now, certificates(aws, "us-east-1"))
    assert status == 200
    assert (found.account, found.instance_id, found.architecture) == (account, instance, "arm64")
    assert abs((now - found.pending_time).total_seconds()) < 3600


def test_the_document_is_about_what_was_launched(aws, ask, token_of, network, instance):
    _, document = ask(instance, DOCUMENT, **token_of(instance))
    found = verify_document(document.encode(), "us-east-1", datetime.now(UTC), certificates(aws, "us-east-1"))

    [launched] = network.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    assert (found.image_id, found.instance_type) == (launched["ImageId"], launched["InstanceType"])
    assert found.availability_zone == launched["Placement"]["AvailabilityZone"]


def test_another_regions_certificate_does_not_believe_it(aws, ask, token_of, instance):
    _, document = ask(instance, DOCUMENT, **token_of(instance))
    elsewhere = {"us-east-1": certificates(aws, "eu-west-1")["eu-west-1"]}

    with pytest.raises(IdentityRefused):
        verify_document(document.encode(), "us-east-1", datetime.now(UTC), elsewhere)


def test_there_is_no_certificate_of_a_region_that_there_is_not(aws):
    with pytest.raises(SandboxError, match="no region"):
        control(aws.url, "GET", "identity-certificates?region=mars-1")


def test_an_instance_reads_its_user_data(ask, token_of, instance):
    assert ask(instance, "user-data", **token_of(instance)) == (200, "the agent's settings")


def test_an_instance_without_user_data_finds_none(ask, token_of, network):
    bare = network.launch(1)[0]["InstanceId"]

    assert ask(bare, "user-data", **token_of(bare))[0] == 404


@pytest.mark.parametrize("path", [DOCUMENT, "user-data", "meta-data/instance-id"])
def test_nothing_is_told_without_a_token(ask, instance, path):
    assert ask(instance, path) == (401, "")
    assert ask(instance, path, X_aws_ec2_metadata_token="made-up") == (401, "")


def test_the_token_of_one_instance_opens_no_other(ask, token_of, network):
    mine, other = (one["InstanceId"] for one in network.launch(2))

    assert ask(other, DOCUMENT, **token_of(mine))[0] == 401
    assert ask(mine, "meta-data/instance-id", **token_of(mine)) == (200, mine)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"X_aws_ec2_metadata_token_ttl_seconds": "0"}, 400),
        ({"X_aws_ec2_metadata_token_ttl_seconds": "21601"}, 400),
        ({"X_aws_ec2_metadata_token_ttl_seconds": "x"}, 400),
        ({"X_aws_ec2_metadata_token_ttl_seconds": "60", "X_Forwarded_For": "10.0.0.1"}, 403),
    ],
)
def test_a_token_is_given_for_a_while_and_to_the_instance_itself(ask, instance, headers, status):
    assert ask(instance, "api/token", "PUT", **headers)[0] == status


def test_a_token_is_no_page_to_read(ask, instance):
    assert ask(instance, "api/token")[0] == 405


def test_a_token_ends(network, instance):
    moment = [100.0]
    service = Metadata(clock=lambda: moment[0])
    put = {"REQUEST_METHOD": "PUT", "HTTP_X_AWS_EC2_METADATA_TOKEN_TTL_SECONDS": "60"}
    token = service.answer(Request(put, b""), f"instances/{instance}/latest/api/token").body.decode()
    get = Request({"REQUEST_METHOD": "GET", "HTTP_X_AWS_EC2_METADATA_TOKEN": token}, b"")
    statuses = []
    for moment[0] in (159.0, 160.0):
        statuses.append(service.answer(get, f"instances/{instance}/latest/meta-data/ami-id").status[:3])

    assert statuses == ["200", "401"]


def test_what_ended_is_told_nothing(ask, token_of, network, instance):
    token = token_of(instance)
    network.ec2.terminate_instances(InstanceIds=[instance])

    assert ask(instance, DOCUMENT, **token)[0] == 404


@pytest.mark.parametrize("path", ["", "..", "meta-data/iam/security-credentials/host"])
def test_what_is_not_modelled_is_not_there(ask, token_of, instance, path):
    assert ask(instance, path, **token_of(instance))[0] == 404


def test_an_instance_that_there_is_not_has_no_metadata(ask):
    assert ask("i-0fffffffffffffff0", "api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")[0] == 404
