"""What new hosts are told: the same in each try, short enough, and no secret."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from enclaves.blueprints.cloud_init import MOST_BYTES
from enclaves.models import Authority, Host
from enclaves.providers.base import ProviderError, Trouble
from enclaves.provisioning import authorities
from enclaves.signing.rotation import Purpose
from portal.checks import MOST_GATEWAYS

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "system"]),
    pytest.mark.usefixtures("enclave", "in_acme"),
]
SECRET = "h" * 50


@pytest.fixture
def gateways(settings):
    settings.GATEWAY_URLS, settings.SSH_SECRET = ["wss://gateway.example.com:8443"], SECRET
    settings.AGENT_SHA256, settings.GATEWAY_SECRET, settings.SIGNER_SECRET = "ab" * 32, "g" * 50, "p" * 50
    return settings


def files_in(text):
    return {file["path"]: file["content"] for file in json.loads(text.partition("\n")[2])["write_files"]}


def test_a_host_is_told_who_it_is_and_whom_to_believe_and_nothing_secret(
    gateways, deploy, cloud, work_until_quiet
):
    host = deploy(hosts=1).hosts.get()
    work_until_quiet()

    [order] = cloud.orders
    known = json.loads(files_in(order.user_data)["/etc/enclave-agent/config.json"])
    row = Host.objects.get()
    assert (known["host_id"], known["tenant"], known["zone"]) == (
        str(host.pk),
        "acme",
        "prod.aws-us-east-1c",
    )
    assert (row.state, row.user_data) == ("active", order.user_data)
    assert known["user_ca"] == authorities.ssh_lines(Purpose.SSH_USERS, row.enclave_id)
    assert known["grant_keys"] == authorities.grant_key_pems()
    assert "PRIVATE" not in order.user_data
    for secret in (SECRET, "g" * 50, "p" * 50, gateways.SECRET_KEY, gateways.SIGNING_SECRET):
        assert secret not in order.user_data


def test_without_gateways_a_host_is_told_nothing_and_no_key_is_made(deploy, cloud, work_until_quiet):
    deploy(hosts=1)
    work_until_quiet()

    assert [order.user_data for order in cloud.orders] == [""]
    assert not Authority.objects.using("system").exists()


def test_a_launch_that_is_tried_again_says_the_same_and_another_launch_names_the_keys_of_its_day(
    gateways, deploy, cloud, work_until_quiet
):
    unclear, full = ("The answer is lost.", Trouble.UNAVAILABLE), ("No capacity.", Trouble.NO_CAPACITY)
    cloud.errors["launch"] = [ProviderError(text, trouble=trouble) for text, trouble in (unclear, full)]
    deploy(hosts=1)
    while not cloud.orders:
        work_until_quiet(rounds=1)
    _make_successors()
    work_until_quiet()

    first, second, third = cloud.orders
    keys = [json.loads(files_in(one.user_data)["/etc/enclave-agent/config.json"]) for one in cloud.orders]
    assert (second.token, second.user_data) == (first.token, first.user_data)
    assert third.token != first.token
    assert [len(one["grant_keys"]) for one in keys] == [1, 1, 2]


def test_all_that_there_can_be_to_tell_fits_into_what_a_cloud_takes(
    gateways, deploy, cloud, work_until_quiet
):
    gateways.GATEWAY_URLS = [f"wss://gateway-{n}.eu-central-1.portal.example.com:8443" for n in range(8)]
    deploy(hosts=1)
    work_until_quiet()
    _make_successors()
    deploy(hosts=1, application="another")
    work_until_quiet()

    told = cloud.orders[-1].user_data
    assert len(gateways.GATEWAY_URLS) == MOST_GATEWAYS
    assert told.count("BEGIN CERTIFICATE") == 4  # both authorities of the gateways, in two files
    assert len(told.encode()) < MOST_BYTES * 2 / 3


@pytest.mark.parametrize(
    ("name", "value"), [("SSH_SECRET", ""), ("GATEWAY_URLS", ["wss://gateway.example.com"] * 500)]
)
def test_a_portal_that_cannot_say_it_launches_nothing_and_says_why(
    gateways, deploy, cloud, work_until_quiet, name, value
):
    setattr(gateways, name, value)
    deploy(hosts=1)
    work_until_quiet(rounds=3)

    assert "cannot tell a new host whom to believe" in Host.objects.get().problem
    assert cloud.orders == []

    gateways.GATEWAY_URLS, gateways.SSH_SECRET = ["wss://gateway.example.com:8443"], SECRET
    work_until_quiet()
    assert Host.objects.get().state == "active"


def _make_successors():
    """Let each key be so old that its successor is due."""
    Authority.objects.using("system").update(signs_from=timezone.now() - timedelta(days=5 * 365))
    authorities.keep_authorities()
