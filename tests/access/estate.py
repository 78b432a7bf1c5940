"""Tenants with hosts, and what is asked for and granted there."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from enclaves.models import (
    AccessRequest,
    AccessSession,
    Application,
    CloudAccount,
    Deployment,
    Enclave,
    Host,
    Zone,
)
from enclaves.provisioning import authorities
from enclaves.signing.rotation import Purpose
from sandbox.notary import RegionalNotary
from tenants.actors import Actor, StaffActor
from tenants.models import AuditEvent, Membership, User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.tenants import create_tenant
from tests.gateway.portal import ZONE

REGION = "us-east-1"
MEMBERS = {"admin": Role.ADMIN, "developer": Role.DEVELOPER, "leaver": Role.DEVELOPER}


class Estate:
    """One tenant with its people, one enclave, and hosts that run."""

    def __init__(self, name: str, number: str, hosts: tuple[str, ...], notary: RegionalNotary) -> None:
        self.tenant = create_tenant(by=_user(f"founder@{name}.example"), name=name)
        with self.scope():
            people = (self._member(who, role) for who, role in MEMBERS.items())
            self.admin, self.developer, self.leaver = people
            self.account = CloudAccount.objects.create(
                tenant=self.tenant,
                cloud="aws",
                number=number,
                state="verified",
                external_id=f"x-{name}",
                registration=f"r-{name}",
            )
            zone = Zone.objects.get_or_create(name=ZONE, defaults=_ZONE)[0]
            mine = {"tenant": self.tenant}
            self.enclave = Enclave.objects.create(**mine, account=self.account, zone=zone, state="ready")
            application = Application.objects.create(**mine, name="recommender")
            self.deployment = Deployment.objects.create(
                **mine, application=application, enclave=self.enclave, state="live"
            )
            rows = [self._host(host, place) for place, host in enumerate(hosts, 1)]
            user_ca = authorities.ssh_lines(Purpose.SSH_USERS, self.enclave.pk)[0]
        self.hosts = {row.name: KnownHost(row, self, SimpleNamespace(line=user_ca), notary) for row in rows}

    @property
    def name(self) -> str:
        return self.tenant.name

    def scope(self) -> Any:
        return tenant_scope(self.tenant.pk)

    def actor(self, email: str) -> Actor:
        """Whoever has this address, as they are now."""
        with self.scope():
            rows = Membership.objects.select_related("tenant", "user")
            return Actor.of_member(rows.get(user__email=email))

    def _member(self, who: str, role: Role) -> Actor:
        user = _user(f"{who}@{self.name}.example")
        Membership.objects.create(tenant=self.tenant, user=user, roles=[role])
        return self.actor(user.email)

    def _host(self, name: str, number: int) -> Host:
        machine = f"i-{secrets.token_hex(8)}0"
        return Host.objects.create(
            tenant=self.tenant,
            enclave=self.enclave,
            deployment=self.deployment,
            cluster="web",
            number=number,
            name=name,
            state="active",
            machine="m7g.2xlarge",
            architecture="arm64",
            vcpu=8,
            memory_mib=32768,
            disk_gib=100,
            availability_zone_id="use1-az6",
            image_id="ami-0123456789abcdef0",
            instance_id=machine,
            identity=machine,
            launch_tried_at=timezone.now(),
        )


@dataclass
class KnownHost:
    """A host's row, and what its cloud says of it. `enclave` is what agents are told about."""

    row: Host
    estate: Estate
    user_ca: Any
    notary: RegionalNotary

    @property
    def id(self) -> str:
        return str(self.row.pk)

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def enclave(self) -> Any:
        return SimpleNamespace(tenant=self.estate.name, user_ca=self.user_ca)

    @property
    def document(self) -> str:
        return self.says()

    def says(self, notary: RegionalNotary | None = None, region: str = REGION, **changes: str) -> str:
        """The identity document of the machine; what it says can be changed, and by whom it is signed."""
        told = {
            "accountId": self.estate.account.number,
            "architecture": self.row.architecture,
            "availabilityZone": f"{region}a",
            "imageId": self.row.image_id,
            "instanceId": self.row.identity,
            "instanceType": self.row.machine,
            "pendingTime": f"{self.row.launch_tried_at:%Y-%m-%dT%H:%M:%SZ}",
            "region": region,
            "version": "2017-09-30",
            **changes,
        }
        signed = (notary or self.notary).sign(json.dumps(told).encode(), changes.get("signed_in", region))
        return base64.b64encode(signed).decode()


@dataclass
class Given:
    """A grant, and who asked for it."""

    estate: Estate
    name: str
    by: Actor | StaffActor

    def scope(self) -> Any:
        return self.estate.scope()

    @property
    def now(self) -> AccessRequest:
        """The row as it is now."""
        with self.scope():
            return AccessRequest.objects.select_related("tenant", "enclave__account").get(name=self.name)

    @property
    def session(self) -> AccessSession:
        """The first one."""
        with self.scope():
            sessions = AccessSession.objects.select_related("host").filter(request__name=self.name)
            return sessions.earliest("opened_at")

    @property
    def sessions(self) -> int:
        with self.scope():
            return AccessSession.objects.filter(request__name=self.name).count()

    @property
    def is_confirmed(self) -> bool:
        """Whether of every session a host has said that nothing is left."""
        with self.scope():
            return not AccessSession.objects.filter(request__name=self.name, nothing_left_at=None).exists()

    @property
    def certificates(self) -> list[str]:
        with self.scope():
            return [one.certificate for one in self.now.certificates.all()]

    def age(self) -> None:
        """As if it had ended two minutes ago."""
        with self.scope():
            ended = timezone.now() - timedelta(minutes=2)
            AccessRequest.objects.filter(name=self.name).update(ended_at=ended)

    @property
    def recording(self) -> str:
        """What the portal has of the first session, piece after piece."""
        with self.scope():
            return "".join(self.session.chunks.values_list("text", flat=True))

    def detail(self, action: str) -> dict[str, Any]:
        """What the tenant's record says of one event about it."""
        with self.scope():
            return AuditEvent.objects.get(subject_id=str(self.now.pk), action=action).detail

    @property
    def audit(self) -> list[str]:
        """What was recorded with the tenant about it, in order."""
        with self.scope():
            events = AuditEvent.objects.filter(subject_id=str(self.now.pk)).order_by("sequence")
            return list(events.values_list("action", flat=True))


def _user(email: str) -> User:
    return User.objects.create_user(email)


_ZONE = {"environment": "dev", "cloud": "aws", "region": REGION, "availability_zone_ids": ["use1-az6"]}
