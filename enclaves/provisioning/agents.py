"""What runs on the hosts: how it proves which host it is, and what it is given for that.

The gateway carries every word between an agent and us, and is believed in none of it: documents are the
cloud's, and what the agent takes in return is signed.
"""

import hashlib
import logging
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.identity.certificates import CertificatesMissing
from enclaves.identity.checks import ExpectedHost, matches
from enclaves.identity.documents import read_document
from enclaves.identity.errors import IdentityRefused
from enclaves.lifecycle import HostState
from enclaves.models import Agent, Host
from enclaves.provisioning import authorities, live
from enclaves.provisioning.telling import tell_of_believed_agent, tell_of_refused_agent
from enclaves.signing import ssh, ssh_keys, x509
from enclaves.signing.errors import NotTrusted, SigningRefused
from enclaves.signing.names import HostName
from enclaves.signing.rotation import Purpose
from enclaves.signing.spiffe import SpiffeId
from enclaves.signing.statements import host_statement
from tenants import audit
from tenants.actors import System
from tenants.errors import Refused
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

BY: Final = "agent"
ALIVE: Final = (
    HostState.PROVISIONED,
    HostState.READY,
    HostState.ACTIVE,
    HostState.PARKED,
    HostState.RETIRING,
)
_NONCE: Final = re.compile(r"[0-9]{10}")
_NONCE_LASTS: Final = 120  # seconds
_SSH_IDENTITY_LASTS: Final = timedelta(hours=24)
_SKEW: Final = timedelta(minutes=5)
_SAME_REFUSAL, _ANY_REFUSAL = 600, 60  # seconds in which it is told of a host once
_LONGEST: Final = 500  # characters of a refusal


def challenge(host_id: str) -> str:
    """Ten digits that this host is to have its cloud sign, soon and once.

    Many questions may be open for a host, so whoever asks in its name does not spoil its own.
    """
    nonce = f"{secrets.randbelow(10**10):010}"
    cache.set(_question_key(host_id, nonce), True, _NONCE_LASTS)
    return nonce


def enrol(host_id: str, *, nonce: str, document: str, csr: str, host_key: str) -> str:
    """Take a host in that its cloud vouches for, and return the statement for it; raises Refused.

    `nonce` is what `challenge` gave to the connection that the document came by.
    The keys that come with its first document are the host's for life: a copy of the document is of no use.
    """
    host = _host(host_id)
    if host.tenant.frozen_at or host.enclave.account.frozen_at:
        raise Refused("The tenant has frozen this account. Until that is over, no host is taken in.")
    with tenant_scope(host.tenant_id):
        reasons = _doubts(host, nonce, document, csr, host_key)
        if reasons:
            _refuse(host, reasons)
        try:
            return _take_in(host, csr, host_key)
        except _TooLate as error:
            _refuse(host, [str(error)])


def renew(spiffe_id: str, *, csr: str, host_key: str) -> str:
    """Return a new statement for a host that has shown its certificate; raises Refused.

    Also while the account is frozen: what runs keeps running, and nobody gets in by it.
    """
    name = named_in(spiffe_id)
    host = _host(name.host)
    if name != spiffe_id_of(host):
        raise Refused("The certificate names the host otherwise.")
    with tenant_scope(host.tenant_id), atomic():
        agent = Agent.objects.filter(host=host).first()
        if agent is None or (agent.key, agent.ssh_key) != _fingerprints(csr, host_key):
            raise Refused("A host keeps its keys for life; this one has others.")
        return _vouch(host, agent, csr, host_key)


def _host(host_id: str) -> Host:
    """The host, whichever tenant has it; raises Refused where there is none that lives."""
    everything = Host.objects.using("system").select_related("tenant", "enclave__account", "enclave__zone")
    try:
        return everything.get(Q(pk=UUID(host_id)), state__in=ALIVE)
    except (ValueError, Host.DoesNotExist, ValidationError) as error:
        raise Refused("There is no such host, or not yet.") from error


def _doubts(host: Host, nonce: str, document: str, csr: str, host_key: str) -> list[str]:
    """Why the document is not good for this host; empty if it is."""
    # Whoever takes it away may use it: of two at the same time, one.
    if not (_NONCE.fullmatch(nonce) and cache.delete(_question_key(str(host.pk), nonce))):
        return ["The document was not asked for, or too long ago."]
    agent, zone = Agent.objects.filter(host=host).first(), host.enclave.zone
    key, ssh_key = _fingerprints(csr, host_key)
    try:
        instance = read_document(
            host.enclave.account.cloud,
            document.encode(),
            nonce=nonce,
            region=zone.region,
            now=timezone.now(),
            folder=Path(settings.IDENTITY_CERTIFICATES),
        )
    except IdentityRefused as error:
        return [str(error)]
    except CertificatesMissing as error:
        log.error("No host of %s can enrol: %s", host.enclave.account.cloud, error)
        raise Refused("The portal lacks the certificates of this cloud; its operators are told.") from error
    if agent is not None and agent.ssh_key != ssh_key:
        return ["The host has enrolled before, with another SSH key."]
    return matches(instance, _expected(host, agent), key=key)


def _expected(host: Host, agent: Agent | None) -> ExpectedHost:
    return ExpectedHost(
        account=host.enclave.account.number,
        machine=host.identity,
        launched_at=host.created_at,
        tried_at=host.launch_tried_at,
        region=host.enclave.zone.region,
        image=host.image_id,
        architecture=host.architecture,
        enrolled_key=agent.key if agent else None,
    )


def _refuse(host: Host, reasons: list[str]) -> NoReturn:
    why = " ".join(" ".join(reasons).split())[:_LONGEST]
    log.warning("Host %s is refused: %s", host.pk, why)
    if _is_news(host, why):
        with atomic():
            audit.record("agent.refused", host, by=System(BY, host.tenant_id), why=why)
            has_enrolled = Agent.objects.filter(host=host).exists()
            tell_of_refused_agent(host, why, has_enrolled=has_enrolled)
    raise Refused(why)


def _is_news(host: Host, why: str) -> bool:
    """Whoever is refused tries again, and may be anybody: the record of a tenant is not theirs to fill."""
    place = f"agent-refused:{host.pk}"
    digest = hashlib.sha256(why.encode()).hexdigest()
    return cache.add(f"{place}:{digest}", 1, _SAME_REFUSAL) and cache.add(place, 1, _ANY_REFUSAL)


class _TooLate(Exception):
    """Somebody else has just enrolled as this host."""


@atomic
def _take_in(host: Host, csr: str, host_key: str) -> str:
    now = timezone.now()
    key, ssh_key = _fingerprints(csr, host_key)
    fresh = {
        "tenant_id": host.tenant_id,
        "key": key,
        "ssh_key": ssh_key,
        "enrolled_at": now,
        "renewed_at": now,
        "not_after": now,
    }
    agent, is_new = Agent.objects.get_or_create(host=host, defaults=fresh)
    if (agent.key, agent.ssh_key) != (key, ssh_key):
        raise _TooLate("Somebody else has just enrolled as this host, with other keys.")
    if is_new:
        audit.record("agent.enrolled", host, by=System(BY, host.tenant_id), key=key)
        live.nudge(host.tenant_id, f"host:{host.pk}", "hosts")
    tell_of_believed_agent(host)
    return _vouch(host, agent, csr, host_key)


def _vouch(host: Host, agent: Agent, csr: str, host_key: str) -> str:
    now, enclave_id = timezone.now(), host.enclave_id
    name = HostName(host.tenant.name, host.enclave.zone_id, str(host.pk))
    try:
        chain = x509.host_identity(
            authorities.tenant_authority(host.tenant.name, host.tenant_id),
            csr.encode(),
            spiffe_id_of(host),
            now=now,
        )
        certificate = ssh.host_certificate(
            authorities.ssh_authority(Purpose.SSH_HOSTS, enclave_id),
            host_key,
            host=name,
            serial=next_serial(),
            not_before=now - _SKEW,
            not_after=now + _SSH_IDENTITY_LASTS,
        )
    except SigningRefused as error:
        raise Refused(str(error)) from error
    Agent.objects.filter(pk=agent.pk).update(renewed_at=now, not_after=now + x509.IDENTITY_LASTS)
    return host_statement(
        authorities.grant_key(),
        host=str(host.pk),
        chain=chain,
        host_certificate=certificate,
        user_ca=authorities.ssh_lines(Purpose.SSH_USERS, enclave_id),
        grant_keys=authorities.grant_keys(),
        gateway_ca=authorities.roots(Purpose.GATEWAYS),
        now=now,
    )


def next_serial() -> int:
    """A number that no other certificate has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('enclaves_certificate_serial')")
        return int(cursor.fetchone()[0])


def _fingerprints(csr: str, host_key: str) -> tuple[str, str]:
    try:
        return x509.requested_key(csr.encode()), ssh_keys.parse_public_key(host_key).fingerprint
    except SigningRefused as error:
        raise Refused(str(error)) from error


def spiffe_id_of(host: Host) -> SpiffeId:
    """What a host's certificate names it, by its row."""
    account = host.enclave.account
    return SpiffeId(
        domain=settings.TRUST_DOMAIN,
        tenant=host.tenant.name,
        cloud=account.cloud,
        account=account.number,
        zone=host.enclave.zone_id,
        host=str(host.pk),
    )


def named_in(spiffe_id: str) -> SpiffeId:
    """Read the name of a host; raises Refused."""
    try:
        return SpiffeId.parse(spiffe_id)
    except (NotTrusted, SigningRefused) as error:
        raise Refused("This is no name of a host.") from error


def _question_key(host_id: str, nonce: str) -> str:
    return f"agent-nonce:{host_id}:{nonce}"
