"""What runs on the hosts: how it proves which host it is, and what is heard of it.

The gateway carries every word between an agent and us, and is believed in none of it: documents are the
cloud's, and what the agent takes in return is signed.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
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
SILENT_AFTER: Final = timedelta(seconds=60)
_NONCE_LASTS: Final = 120  # seconds
_SSH_IDENTITY_LASTS: Final = timedelta(hours=24)
_SKEW: Final = timedelta(minutes=5)
_MOST_FACTS: Final = 30


def challenge(host_id: str) -> str:
    """Ten digits that this host is to have its cloud sign, soon and once."""
    nonce = f"{secrets.randbelow(10**10):010}"
    cache.set(_nonce_key(host_id), nonce, _NONCE_LASTS)
    return nonce


def enrol(host_id: str, *, document: str, csr: str, host_key: str) -> str:
    """Take a host in that its cloud vouches for, and return the statement for it; raises Refused.

    The keys that come with its first document are the host's for life: a copy of the document is of no use.
    """
    host = _host(host_id)
    with tenant_scope(host.tenant_id):
        reasons = _doubts(host, document, csr, host_key)
        if reasons:
            _refuse(host, reasons)
        return _take_in(host, document, csr, host_key)


def renew(spiffe_id: str, *, csr: str, host_key: str) -> str:
    """Return a new statement for a host that has shown its certificate; raises Refused."""
    name = _parsed(spiffe_id)
    host = _host(name.host)
    if name != _name(host):
        raise Refused("The certificate names the host otherwise.")
    with tenant_scope(host.tenant_id), atomic():
        agent = Agent.objects.filter(host=host).first()
        if agent is None or (agent.key, agent.ssh_key) != _fingerprints(csr, host_key):
            raise Refused("A host keeps its keys for life; this one has others.")
        return _vouch(host, agent, csr, host_key)


def heard(hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Note the heartbeats of many hosts at once; return those that are not to be connected any more."""
    names = {_parsed(text).host: text for text in hosts}
    now = timezone.now()
    agents = Agent.objects.using("system").filter(host_id__in=names, host__state__in=ALIVE)
    known = {str(agent.host_id): agent for agent in agents}
    back = [agent for agent in known.values() if agent.seen_at is None or agent.seen_at < now - SILENT_AFTER]
    for host_id, agent in known.items():
        _note(agent, hosts[names[host_id]], now)
    Agent.objects.using("system").bulk_update(known.values(), ["seen_at", "version", "facts"], batch_size=500)
    for agent in back:
        with tenant_scope(agent.tenant_id):
            live.nudge(agent.tenant_id, f"host:{agent.host_id}", "hosts")
    return sorted(text for host_id, text in names.items() if host_id not in known)


def _host(host_id: str) -> Host:
    """The host, whichever tenant has it; raises Refused where there is none that lives."""
    everything = Host.objects.using("system").select_related("tenant", "enclave__account", "enclave__zone")
    try:
        return everything.get(Q(pk=UUID(host_id)), state__in=ALIVE)
    except (ValueError, Host.DoesNotExist, ValidationError) as error:
        raise Refused("There is no such host, or not yet.") from error


def _doubts(host: Host, document: str, csr: str, host_key: str) -> list[str]:
    """Why the document is not good for this host; empty if it is."""
    nonce = cache.get(_nonce_key(str(host.pk)))
    cache.delete(_nonce_key(str(host.pk)))
    if not nonce:
        return ["It was not asked for, or too long ago."]
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
    except (IdentityRefused, CertificatesMissing) as error:
        return [str(error)]
    if agent is not None and agent.ssh_key != ssh_key:
        return ["The host has enrolled before, with another SSH key."]
    return matches(instance, _expected(host, agent), key=key)


def _expected(host: Host, agent: Agent | None) -> ExpectedHost:
    return ExpectedHost(
        account=host.enclave.account.number,
        machine=host.identity,
        launched_at=host.launch_tried_at or host.created_at,
        region=host.enclave.zone.region,
        image=host.image_id,
        architecture=host.architecture,
        enrolled_key=agent.key if agent else None,
    )


def _refuse(host: Host, reasons: list[str]) -> None:
    log.warning("Host %s is refused: %s", host.pk, " ".join(reasons))
    with atomic():
        audit.record("agent.refused", host, by=System(BY, host.tenant_id), reasons=reasons)
    raise Refused(" ".join(reasons))


@atomic
def _take_in(host: Host, document: str, csr: str, host_key: str) -> str:
    now = timezone.now()
    key, ssh_key = _fingerprints(csr, host_key)
    fresh = {
        "tenant_id": host.tenant_id,
        "document_sha256": hashlib.sha256(document.encode()).hexdigest(),
        "key": key,
        "ssh_key": ssh_key,
        "enrolled_at": now,
        "renewed_at": now,
        "not_after": now,
    }
    agent, is_new = Agent.objects.get_or_create(host=host, defaults=fresh)
    if (agent.key, agent.ssh_key) != (key, ssh_key):
        raise Refused("Somebody else has just enrolled as this host.")
    if is_new:
        audit.record("agent.enrolled", host, by=System(BY, host.tenant_id), key=key)
        live.nudge(host.tenant_id, f"host:{host.pk}", "hosts")
    return _vouch(host, agent, csr, host_key)


def _vouch(host: Host, agent: Agent, csr: str, host_key: str) -> str:
    now, enclave_id = timezone.now(), host.enclave_id
    name = HostName(host.tenant.name, host.enclave.zone_id, str(host.pk))
    try:
        chain = x509.host_identity(
            authorities.tenant_authority(host.tenant.name, host.tenant_id), csr.encode(), _name(host), now=now
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


def _note(agent: Agent, facts: Mapping[str, Any], now: Any) -> None:
    agent.seen_at = now
    agent.version = str(facts.get("agent", ""))[:40]
    kept = list(facts.items())[:_MOST_FACTS]
    agent.facts = {str(name)[:40]: value for name, value in kept if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return len(values) <= _MOST_FACTS and all(isinstance(one, str | int | float) for one in values)


def _name(host: Host) -> SpiffeId:
    account = host.enclave.account
    return SpiffeId(
        domain=settings.TRUST_DOMAIN,
        tenant=host.tenant.name,
        cloud=account.cloud,
        account=account.number,
        zone=host.enclave.zone_id,
        host=str(host.pk),
    )


def _parsed(spiffe_id: str) -> SpiffeId:
    try:
        return SpiffeId.parse(spiffe_id)
    except (NotTrusted, SigningRefused) as error:
        raise Refused("This is no name of a host.") from error


def _nonce_key(host_id: str) -> str:
    return f"agent-nonce:{host_id}"
