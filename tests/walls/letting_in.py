"""Somebody of the vendor who is on a host of a tenant, with all the rows that come of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from enclaves.models import AccessCertificate, AccessRequest, AccessSession, Agent, Host, RecordingChunk
from enclaves.services import access
from tenants.actors import Actor, StaffActor
from tenants.models import StaffMember


def let_somebody_in(host_id: UUID, member: StaffMember, *, by: Actor) -> dict[str, Any]:
    """Ask and approve by the services; the rest as the gateway and the host would have told it."""
    mine, now = {"tenant": by.tenant}, timezone.now()
    host, lasts = Host.objects.get(pk=host_id), now + timedelta(hours=1)
    access.change_rules(by=by, longest_minutes=240, delegates=True)
    grant = access.ask_access(
        [host], by=StaffActor.of(member), tenant=by.tenant, reason=f"A look at {by.tenant.name}"
    )
    access.approve_access(grant, by=by)
    proved = {"key": f"key of {host_id}", "enrolled_at": now, "renewed_at": now, "seen_at": now}
    Agent.objects.create(**mine, host=host, not_after=lasts, **proved)
    return {"grant": grant.name, **_visit(grant, host, lasts)}


def _visit(grant: AccessRequest, host: Host, lasts: Any) -> dict[str, Any]:
    mine = {"tenant": grant.tenant, "request": grant}
    signed = AccessCertificate.objects.create(
        **mine,
        serial=1 + AccessCertificate.objects.using("system").count(),
        fingerprint=f"SHA256:of-{grant.name}",
        key_kind="Ed25519",
        certificate="ssh-ed25519-cert-v01@openssh.com AAAA",
        not_before=grant.requested_at,
        not_after=lasts,
    )
    session = AccessSession.objects.create(
        **mine, host=host, fingerprint=signed.fingerprint, source="198.51.100.7", gateway="g"
    )
    text = f'{{"version": 2}}\n[0.1, "o", "{grant.reason}"]\n'
    RecordingChunk.objects.create(tenant=grant.tenant, session=session, offset=0, text=text)
    return {"certificates": signed.pk, "sessions": session.pk, "recordings": session.pk}
