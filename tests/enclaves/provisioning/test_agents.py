"""How hosts enrol: with the pretend clouds' own documents, by the agent's own code, through the signer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from cryptography import x509 as pyca
from django.core.cache import cache
from django.utils import timezone

from agent.config import config_from
from agent.identity import Identity
from agent.metadata import identity_document
from enclaves.lifecycle import HostState
from enclaves.models import Agent, CloudAccount, Enclave, Host, Zone
from enclaves.provisioning import agents as module
from enclaves.provisioning import authorities, birth
from enclaves.provisioning import hosts as host_rows
from enclaves.signing.rotation import Purpose
from enclaves.signing.x509 import verify_peer
from sandbox.aws.client import control
from sandbox.aws.server import EmbeddedAws
from sandbox.notary import ChainNotary, RegionalNotary
from tenants.models import AuditEvent, Notification, Tenant
from tests.sandbox.aws.conftest import EVERYBODY_ELSE, new_network

pytestmark = [
    pytest.mark.django_db(databases=["default", "system"], transaction=True),
    pytest.mark.usefixtures("signer", "told"),
]
ACCOUNT, REGION = "111122223333", "us-east-1"
SUBSCRIPTION, VM = "aaaabbbb-0000-4000-8000-ccccdddd0001", "bd8e7443-24a0-41f3-b949-8baf4fd1c573"
OURS, STRANGER = RegionalNotary(), RegionalNotary()
NOT_ASKED_FOR = "The document was not asked for, or too long ago."


@pytest.fixture(scope="module")
def instance():
    """A machine in a pretend AWS, and where it finds its metadata."""
    with EmbeddedAws(portal_account=EVERYBODY_ELSE) as aws:
        network = new_network(aws.client("ec2", ACCOUNT, REGION))
        [made] = network.launch()
        yield SimpleNamespace(
            id=made["InstanceId"],
            image=made["ImageId"],
            url=f"{aws.url}/_sandbox/instances/{made['InstanceId']}",
            certificate=control(aws.url, "GET", f"identity-certificates?region={REGION}")[REGION],
        )
        aws.reset()


@pytest.fixture
def told(settings, tmp_path):
    """What an operator has set: gateways, and the certificates of the clouds."""
    settings.GATEWAY_URLS, settings.AGENT_SHA256 = ["wss://gateway.example:8443"], "ab" * 32
    settings.IDENTITY_CERTIFICATES = str(tmp_path / "certificates")
    for cloud in ("aws", "azure"):
        (tmp_path / "certificates" / cloud).mkdir(parents=True)
    return tmp_path / "certificates"


@pytest.fixture
def host(hosts, instance, told):
    """A host of acme's as it was launched there."""
    (told / "aws" / f"{REGION}.pem").write_text(instance.certificate + OURS.certificate(REGION))
    launched = {"identity": instance.id, "image_id": instance.image, "launch_tried_at": timezone.now()}
    Host.objects.filter(pk=hosts[0].pk).update(**launched)
    return Host.objects.select_related("enclave__account__tenant").get(pk=hosts[0].pk)


@pytest.fixture
def agent_of(tmp_path):
    """An agent on a host, with keys of its own: ``agent_of(host)``. It knows what the host was told."""

    def make(host):
        files = json.loads(birth.user_data(host.enclave, host).partition("\n")[2])["write_files"]
        [known] = [json.loads(file["content"]) for file in files if file["path"].endswith("config.json")]
        state = tmp_path / str(uuid4())
        state.mkdir()
        return Identity(config_from({**known, "state_dir": str(state)}))

    return make


@pytest.fixture
def enrol(ask, instance):
    """Enrol as an agent does, with the document of its machine unless another one is given."""

    def run(agent, host, document=None):
        nonce = ask("challenge", host=str(host.pk))[1]["nonce"]
        shown = document or identity_document("aws", instance.url, nonce)
        told = {"host": str(host.pk), "nonce": nonce, "document": shown}
        status, answer = ask("enrol", **told, **agent.request())
        return status, answer.get("statement") or answer["detail"]

    return run


def about(instance, notary=OURS, **changed):
    """A document that AWS would sign about another machine than ours."""
    facts = {
        "accountId": ACCOUNT,
        "architecture": "arm64",
        "availabilityZone": "us-east-1c",
        "imageId": instance.image,
        "instanceId": instance.id,
        "instanceType": "m7g.large",
        "pendingTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "version": "2017-09-30",
    }
    return base64.b64encode(notary.sign(json.dumps({**facts, **changed}).encode(), REGION)).decode()


def recorded():
    return list(AuditEvent.objects.filter(action__startswith="agent.").values_list("action", flat=True))


def told_now():
    return list(Notification.objects.filter(ended_at=None).values_list("kind", flat=True))


def test_a_host_proves_itself_and_believes_what_it_is_told_in_return(host, agent_of, enrol, ask):
    agent = agent_of(host)

    status, statement = enrol(agent, host)
    agent.take(statement, timezone.now().timestamp())

    chain = pyca.load_pem_x509_certificates((agent._state / "chain.pem").read_bytes())
    roots = pyca.load_pem_x509_certificates(authorities.roots(Purpose.HOSTS).encode())
    name = f"spiffe://portal.example/t/acme/aws/{ACCOUNT}/z/prod.aws-us-east-1c/h/{host.pk}"
    assert (status, str(verify_peer(chain, roots, timezone.now()))) == (200, name)
    assert json.loads((agent._state / "trusted.json").read_text())["gateway_ca"] == authorities.roots(
        Purpose.GATEWAYS
    )
    assert recorded() == ["agent.enrolled"]
    assert ask("heartbeats", hosts={name: {"agent": "1.0"}}) == (200, {"unwelcome": []})

    # After a long stop it comes with a new document and its old keys.
    assert enrol(agent, host)[0] == 200
    assert (recorded(), Agent.objects.count()) == (["agent.enrolled"], 1)


def test_no_document_of_another_machine_makes_a_host(host, agent_of, enrol, instance):
    agent = agent_of(host)
    wrong = {
        "The account is 999988887777": about(instance, accountId="999988887777"),
        "an instance in eu-west-1": about(instance, region="eu-west-1"),
        "The instance is i-0123456789abcdef9": about(instance, instanceId="i-0123456789abcdef9"),
        "The image is ami-0123456789abcdef9": about(instance, imageId="ami-0123456789abcdef9"),
        "The architecture is x86_64": about(instance, architecture="x86_64"),
        "not by this launch": about(instance, pendingTime="2026-01-01T00:00:00Z"),
        "not signed by AWS in us-east-1": about(instance, STRANGER),
    }

    answers = {words: enrol(agent, host, document) for words, document in wrong.items()}

    assert {words: words in said for words, (_, said) in answers.items()} == dict.fromkeys(wrong, True)
    assert ({status for status, _ in answers.values()}, Agent.objects.count()) == ({409}, 0)
    # All of it within a minute: one event of the tenant's record, and one notification.
    assert (recorded(), told_now()) == (["agent.refused"], ["agent.refused"])

    assert enrol(agent, host)[0] == 200
    assert told_now() == []


def test_a_copy_of_the_document_is_of_no_use_with_another_key(host, agent_of, enrol, monkeypatch):
    assert enrol(agent_of(host), host)[0] == 200
    cache.delete(f"agent-refused:{host.pk}")

    status, said = enrol(agent_of(host), host)
    monkeypatch.setattr(module, "_doubts", lambda *args: [])
    raced, _ = enrol(agent_of(host), host)

    assert (status, "with another SSH key" in said) == (409, True)
    assert (raced, Agent.objects.count()) == (409, 1)
    assert (recorded(), told_now()) == (["agent.enrolled", "agent.refused"], ["agent.refused"])
    title = Notification.objects.get(kind="agent.refused").title
    assert title == "Something else wanted to be query-1 of prod.aws-us-east-1c"

    # It is told until the host is replaced.
    Host.objects.filter(pk=host.pk).update(state="retiring")
    host_rows.move(Host.objects.get(pk=host.pk), HostState.DEPROVISIONED, by="test")
    assert told_now() == []


def test_a_question_counts_once(host, agent_of, ask, instance):
    agent, first = agent_of(host), ask("challenge", host=str(host.pk))[1]["nonce"]
    document = identity_document("aws", instance.url, first)
    shown = {"host": str(host.pk), "nonce": first, "document": document, **agent.request()}

    assert ask("enrol", **{**shown, "document": "no document"})[0] == 409
    status, answer = ask("enrol", **shown)

    assert (status, answer["detail"]) == (409, NOT_ASKED_FOR)


@pytest.mark.parametrize("made_up", ["", "0123456789", "*", "x" * 5_000, "1\r\nFLUSHALL"], ids=range(5))
def test_a_question_that_nobody_asked_is_not_answered(host, agent_of, ask, instance, made_up):
    agent = agent_of(host)
    ask("challenge", host=str(host.pk))
    document = identity_document("aws", instance.url, "0123456789")

    told = {"host": str(host.pk), "nonce": made_up, "document": document}
    status, answer = ask("enrol", **told, **agent.request())

    assert (status, answer["detail"]) == (409, NOT_ASKED_FOR)


def test_a_question_is_for_one_host(hosts, agent_of, ask, instance):
    host, other = hosts[:2]
    nonce = ask("challenge", host=str(other.pk))[1]["nonce"]
    document = identity_document("aws", instance.url, nonce)

    told = {"host": str(host.pk), "nonce": nonce, "document": document}
    status, answer = ask("enrol", **told, **agent_of(host).request())

    assert (status, answer["detail"]) == (409, NOT_ASKED_FOR)


def test_who_asks_in_the_name_of_a_host_does_not_spoil_its_own_question(host, agent_of, ask, instance):
    agent, own = agent_of(host), ask("challenge", host=str(host.pk))[1]["nonce"]
    document = identity_document("aws", instance.url, own)
    somebody = ask("challenge", host=str(host.pk))[1]["nonce"]
    told = {"host": str(host.pk), "nonce": somebody, "document": "no document"}
    assert ask("enrol", **told, **agent.request())[0] == 409

    told = {"host": str(host.pk), "nonce": own, "document": document}
    assert ask("enrol", **told, **agent.request())[0] == 200


@pytest.mark.parametrize("state", ["planned", "failed", "deprovisioned"])
def test_what_is_no_host_yet_or_any_more_is_not_taken_in(host, agent_of, enrol, state):
    agent = agent_of(host)
    Host.objects.filter(pk=host.pk).update(state=state)

    assert enrol(agent, host) == (409, "There is no such host, or not yet.")
    assert recorded() == []


def test_while_it_is_frozen_no_host_is_taken_in_and_those_that_run_stay(host, agent_of, enrol, ask):
    known = agent_of(host)
    enrol(known, host)
    name = f"spiffe://portal.example/t/acme/aws/{ACCOUNT}/z/prod.aws-us-east-1c/h/{host.pk}"
    for rows in (CloudAccount.objects.all(), Tenant.objects.filter(name="acme")):
        rows.update(frozen_at=timezone.now())
        assert "frozen" in enrol(known, host)[1]
        assert ask("renew", spiffe_id=name, **known.request())[0] == 200
        rows.update(frozen_at=None)


def test_a_certificate_is_renewed_for_the_keys_that_came_first_and_no_others(host, agent_of, enrol, ask):
    agent, other = agent_of(host), agent_of(host)
    name = f"spiffe://portal.example/t/acme/aws/{ACCOUNT}/z/prod.aws-us-east-1c/h/{host.pk}"
    assert ask("renew", spiffe_id=name, **agent.request())[0] == 409
    enrol(agent, host)
    before = Agent.objects.get().not_after

    status, answer = ask("renew", spiffe_id=name, **agent.request())
    agent.take(answer["statement"], timezone.now().timestamp())

    mixed = {**agent.request(), "host_key": other.request()["host_key"]}
    assert (status, Agent.objects.get().not_after > before) == (200, True)
    assert ask("renew", spiffe_id=name, **other.request())[0] == 409
    assert ask("renew", spiffe_id=name, **mixed)[0] == 409
    assert ask("renew", spiffe_id=name.replace("acme", "globex"), **agent.request())[0] == 409
    Host.objects.update(state="deprovisioned")
    assert ask("renew", spiffe_id=name, **agent.request())[0] == 409


def test_a_portal_without_the_clouds_certificates_believes_nobody_and_blames_nobody(
    host, agent_of, enrol, told
):
    (told / "aws" / f"{REGION}.pem").write_text("nothing")

    status, said = enrol(agent_of(host), host)

    assert (status, str(told) in said) == (409, False)
    assert (recorded(), told_now()) == ([], [])


def test_an_azure_host_answers_the_question_that_it_was_asked(hosts, agent_of, ask, told):
    notary = ChainNotary("metadata.azure.com")
    for name, pem in notary.certificates().items():
        (told / "azure" / f"{name}.pem").write_text(pem)
    host = _in_azure(hosts[0])
    agent = agent_of(host)

    def enrol(notary=notary, **changed):
        nonce = ask("challenge", host=str(host.pk))[1]["nonce"]
        document = _attested(notary, **{"nonce": nonce, **changed})
        told = {"host": str(host.pk), "nonce": nonce, "document": document}
        status, answer = ask("enrol", **told, **agent.request())
        return status, answer.get("detail", "")

    over = {"createdOn": "11/20/26 01:00:00 -0000", "expiresOn": "11/20/26 07:00:00 -0000"}
    refused = [
        enrol(nonce="0123456789"),
        enrol(timeStamp=over),
        enrol(vmId=str(uuid4())),
        enrol(subscriptionId=str(uuid4())),
        enrol(ChainNotary("metadata.azure.com")),
        enrol(ChainNotary("metadata.evil.example")),
    ]
    accepted = enrol()

    words = ("another question", "not valid now", "The machine is", "The subscription is", "no root", "not m")
    assert [word in said for word, (_, said) in zip(words, refused, strict=True)] == [True] * len(words)
    assert ({status for status, _ in refused}, accepted) == ({409}, (200, ""))


def _in_azure(host):
    zone, _ = Zone.objects.get_or_create(
        name="prod.azure-eastus-az1",
        defaults={
            "environment": "prod",
            "cloud": "azure",
            "region": "eastus",
            "availability_zone_ids": ["a"],
        },
    )
    CloudAccount.objects.update(cloud="azure", number=SUBSCRIPTION)
    Enclave.objects.update(zone=zone)
    Host.objects.filter(pk=host.pk).update(identity=VM, launch_tried_at=timezone.now())
    return Host.objects.select_related("enclave__account__tenant").get(pk=host.pk)


def _attested(notary, **changed):
    now = datetime.now(UTC)
    facts = {
        "sku": "",
        "subscriptionId": SUBSCRIPTION,
        "vmId": VM,
        "timeStamp": {
            "createdOn": f"{now:%m/%d/%y %H:%M:%S} -0000",
            "expiresOn": f"{now + timedelta(hours=6):%m/%d/%y %H:%M:%S} -0000",
        },
    }
    return base64.b64encode(notary.sign(json.dumps({**facts, **changed}).encode())).decode()
