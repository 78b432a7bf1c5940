"""People who ask for access and decide on it, and the signer, for the tests about them."""

import json
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from enclaves.models import (
    AccessCertificate,
    AccessRequest,
    Agent,
    Application,
    CloudAccount,
    Deployment,
    Enclave,
    Host,
    Zone,
)
from enclaves.services import access
from tenants.policy import Role, StaffRole

HOUR = {"reason": "Query latency doubled after revision 14.", "minutes": 60, "ticket": "CASE-20817"}
GATEWAY, PAGES = "g" * 40, "p" * 40  # the secrets of whoever asks the signer


@pytest.fixture
def hosts(in_acme) -> list[Host]:
    """Three hosts of acme's that run, written as rows: no worker has to make them."""
    account = CloudAccount.objects.create(
        tenant=in_acme,
        cloud="aws",
        number="111122223333",
        state="verified",
        external_id="x",
        registration="r",
    )
    zone, _ = Zone.objects.get_or_create(
        name="prod.aws-us-east-1c",
        defaults={
            "environment": "prod",
            "cloud": "aws",
            "region": "us-east-1",
            "availability_zone_ids": ["a"],
        },
    )
    enclave = Enclave.objects.create(tenant=in_acme, account=account, zone=zone, state="ready")
    application = Application.objects.create(tenant=in_acme, name="recommender")
    deployment = Deployment.objects.create(
        tenant=in_acme, application=application, enclave=enclave, state="live"
    )
    return [_host(deployment, number) for number in (1, 2, 3)]


def _host(deployment: Deployment, number: int) -> Host:
    return Host.objects.create(
        tenant=deployment.tenant,
        enclave=deployment.enclave,
        deployment=deployment,
        cluster="query",
        number=number,
        name=f"query-{number}",
        state="active",
        machine="m7g.2xlarge",
        architecture="arm64",
        vcpu=8,
        memory_mib=32768,
        disk_gib=100,
        availability_zone_id="use1-az6",
        image_id="ami-1",
        instance_id=f"i-{number:017x}",
    )


@pytest.fixture
def support(staff):
    return staff(StaffRole.SUPPORT)


@pytest.fixture
def approver(staff):
    return staff(StaffRole.APPROVER)


@pytest.fixture
def asked(hosts, support, acme):
    """A request of support for the first two hosts."""
    return access.ask_access(hosts[:2], by=support, tenant=acme, **HOUR)


@pytest.fixture
def grant(asked, actor):
    """What acme's admin made of it: an hour from now on."""
    return access.approve_access(asked, by=actor(Role.ADMIN))


def signed(
    grant: AccessRequest, certificate: str = "ssh-ed25519-cert-v01@openssh.com AAAA"
) -> AccessCertificate:
    """A certificate for a grant, as a row that the signer would have written."""
    now = timezone.now()
    return AccessCertificate.objects.create(
        tenant=grant.tenant,
        request=grant,
        serial=7,
        fingerprint="SHA256:abc",
        key_kind="Ed25519",
        certificate=certificate,
        not_before=now,
        not_after=now,
    )


@pytest.fixture
def agents(hosts):
    """Agents on all hosts, heard of just now."""
    now = timezone.now()
    lasts = {"enrolled_at": now, "renewed_at": now, "not_after": now + timedelta(hours=1), "seen_at": now}
    return [
        Agent.objects.create(tenant=host.tenant, host=host, key=f"{host.number:064x}", **lasts)
        for host in hosts
    ]


@pytest.fixture
def signer():
    """Let the test be asked as the signer is."""
    with override_settings(
        ROOT_URLCONF="portal.signer_urls",
        MIDDLEWARE=[],
        SSH_SECRET="s" * 40,
        GATEWAY_SECRET=GATEWAY,
        SIGNER_SECRET=PAGES,
        TRUST_DOMAIN="portal.example",
    ):
        yield


@pytest.fixture
def ask():
    """Ask as a gateway: ``ask("authorize", grant=…)`` returns the status and the answer."""

    def send(question, secret=GATEWAY, path="/gateway/", **body):
        answer = Client(headers={"Authorization": f"Bearer {secret}"}).post(
            path + question, json.dumps(body), content_type="application/json"
        )
        return answer.status_code, answer.json()

    return send
