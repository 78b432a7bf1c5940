"""Two tenants with a thing of every kind each, and everybody who might come to their addresses."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.db.transaction import atomic, set_rollback
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from enclaves.models import (
    AccessCertificate,
    AccessSession,
    CloudAccount,
    Deployment,
    Enclave,
    Event,
    Host,
    Operation,
    Work,
    Zone,
)
from enclaves.provisioning import worker
from enclaves.services import accounts, deployments, enclaves
from tenants import audit, invitations
from tenants.actors import Actor, Shell
from tenants.kinds import Kind
from tenants.models import (
    ApiToken,
    IdempotentAnswer,
    MailPreference,
    Membership,
    SignOn,
    SignOnIdentity,
    Tenant,
    User,
)
from tenants.notifications import notify
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.service_accounts import create_service_account
from tenants.services.staff import add_staff
from tenants.services.tenants import create_tenant
from tenants.services.tokens import create_service_token, create_token
from tests.enclaves.conftest import DIRECTORY, ZONE, spec_text
from tests.signing_in import JUST_NOW, TOO_LONG, TOTP, sign_in
from tests.walls.letting_in import let_somebody_in
from tests.walls.people import ELSEWHERE, HERE, PEOPLE, Person

NUMBERS = {HERE: "111122223333", ELSEWHERE: "444455556666"}
SUBSCRIPTIONS = {
    HERE: "aaaabbbb-0000-4000-8000-ccccdddd0001",
    ELSEWHERE: "aaaabbbb-0000-4000-8000-ccccdddd0002",
}
# What leads nowhere.
NOTHING = {
    "name": "no-such-tenant",
    "account": "aws:000000000000",
    "zone": ZONE,
    "application": "no-such-application",
    "number": "1",
    "sequence": "9999999",
    "grant": "grant-of-nobody",
    "id": "00000000-0000-4000-8000-000000000001",
    "pk": "00000000-0000-4000-8000-000000000001",
}
PROVEN = {"primary": True, "verified": True}
CHANGE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
# Written by whoever comes, also by those who are sent away: no change of anything.
TRACES = frozenset({"django_session", "tenants_apitoken", "tenants_user"})


class Estate:
    """One tenant and what it has: ``things`` by the noun of their addresses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.founder = _user(f"founder@{name}.example")
        self.tenant: Tenant = create_tenant(by=self.founder, name=name, title=f"All of {name}")
        self.things: dict[str, Any] = {}
        with tenant_scope(self.tenant.pk):
            self.by = Actor.of_member(Membership.objects.select_related("tenant", "user").get())
            self._furnish()

    def _furnish(self) -> None:
        spare = self.member(f"spare@{self.name}.example", Role.READER)
        self._note(spare)
        invitation = invitations.invite_member(f"new@{self.name}.example", ["reader"], by=self.by)
        program = create_service_account(self.name, ["reader"], by=self.by)
        until = timezone.now() + timedelta(days=7)
        token, _ = create_service_token(program, "spare", until, by=self.by)
        account = accounts.register_account(by=self.by, account=f"aws:{NUMBERS[self.name]}")
        accounts.register_account(
            by=self.by, account=f"azure:{SUBSCRIPTIONS[self.name]}", azure_tenant_id=DIRECTORY
        )
        enclave = enclaves.create_enclave(account, by=self.by, zone=ZONE)
        _work()
        self._deploy(account)
        Event.objects.create(tenant=self.tenant, topic="x", text=f"of {self.name}")
        with atomic():
            told = notify(
                Kind.HOST_FAILED, tenant=self.tenant, source="host:x", title=f"A host of {self.name} failed"
            )
            checkpoint = audit.sign(self.tenant, audit.verify(self.tenant), by=self.by)
        self.things |= {
            "members": spare.pk,
            "invitations": invitation.pk,
            "tokens": token.pk,
            "service-accounts": program.pk,
            "notifications": told.pk,
            "accounts": account,
            "cloud-accounts": account,
            "people": add_staff(f"new@staff-of-{self.name}.example", ["support"], by=Shell()),
            "enclaves": enclave,
            "checkpoints": checkpoint.sequence,
        }
        self.things |= let_somebody_in(self.things["hosts"], self.things["people"], by=self.by)

    def _note(self, member: Membership) -> None:
        """A row in each table that no service above has written to."""
        mine = {"tenant": self.tenant}
        IdempotentAnswer.objects.create(**mine, actor_id=member.pk, key="again", fingerprint="f")
        MailPreference.objects.create(**mine, member=member, kind=Kind.HOST_FAILED, wanted=True)
        issuer = f"https://login.{self.name}.example"
        SignOn.objects.create(**mine, name=self.name, issuer=issuer, client_id=f"client-of-{self.name}")
        tie = SignOnIdentity.objects.create(**mine, membership=member, issuer=issuer, subject=str(member.pk))
        self.things["identities"] = tie.pk

    def _deploy(self, account: CloudAccount) -> None:
        source = spec_text(1, account=account, application=f"app-of-{self.name}")
        revision = deployments.submit_spec(by=self.by, source=source)
        deployments.apply_plan(revision, by=self.by, plan_hash=revision.plan_hash)
        _work()
        host = Host.objects.get()
        operation = Operation.objects.filter(deployment=revision.deployment).latest("created_at")
        self.things |= {"deployments": host.deployment_id, "hosts": host.pk, "operations": operation.pk}

    def member(self, email: str, role: str) -> Membership:
        with tenant_scope(self.tenant.pk):
            return Membership.objects.create(tenant=self.tenant, user=_user(email), roles=[role])

    def token(self, name: str, role: str) -> tuple[ApiToken, str]:
        with tenant_scope(self.tenant.pk):
            return create_token(name, [role], timezone.now() + timedelta(days=7), by=self.by)

    def arguments(self, route: str) -> dict[str, str]:
        """What to put into a route, so that it leads to a thing of this tenant."""
        named = {
            "tenant": self.name,
            "name": self.name,
            "account": self._account(route),
            "zone": ZONE,
            "application": f"app-of-{self.name}",
            "number": "1",
            "sequence": str(self.things["checkpoints"]),
            "secret": "no-such-secret",
            "rest": "nowhere/",
            "key": "no-such-key",
            "uidb36": "1",
            "grant": self.things["grant"],
        }
        if "access-requests/<slug:name>" in route:
            named["name"] = self.things["grant"]
        noun = re.search(r"([\w-]+)/<uuid:", route)
        return {**named, "id": "1", "pk": "1", **(self._id(noun[1]) if noun else {})}

    def _account(self, route: str) -> str:
        if "client-id" in route:
            return f"azure:{SUBSCRIPTIONS[self.name]}"
        return f"aws:{NUMBERS[self.name]}"

    def _id(self, noun: str) -> dict[str, str]:
        thing = self.things[noun]
        return dict.fromkeys(("id", "pk"), str(getattr(thing, "pk", thing)))

    @cached_property
    def marks(self) -> list[str]:
        """What the answer to anybody else must not hold."""
        with tenant_scope(self.tenant.pk):
            rows = [*CloudAccount.objects.all(), *Enclave.objects.all(), *Deployment.objects.all()]
            rows += [*Host.objects.all(), *Operation.objects.all(), *Membership.objects.all()]
            rows += [*AccessSession.objects.all(), *AccessCertificate.objects.all()]
            secrets = [row.external_id for row in CloudAccount.objects.all()]
        own = [
            self.tenant.title,
            self.things["grant"],
            f"A look at {self.name}",
            f"client-of-{self.name}",
            f"app-of-{self.name}",
            f"@{self.name}.example",
            NUMBERS[self.name],
        ]
        return [*own, *secrets, *(str(row.pk) for row in rows)]


def _user(email: str) -> User:
    return User.objects.create_user(email)


def _work() -> None:
    """Let workers do what is due until nothing moves."""
    for _ in range(20):
        due = Work.objects.using("system").filter(due_at__isnull=False)
        due.update(due_at="2026-01-01T00:00:00Z")
        if not worker.run_due():
            return
        if not Operation.objects.using("system").filter(ended_at=None).exists():
            return


class World:
    """Both tenants and all people; ``ask`` lets one of them come to an address, and undoes what it did."""

    def __init__(self) -> None:
        Zone.objects.get_or_create(
            name=ZONE,
            defaults={
                "environment": "prod",
                "cloud": "aws",
                "region": "us-east-1",
                "availability_zone_ids": ["use1-az6"],
            },
        )
        self.estates = {name: Estate(name) for name in (HERE, ELSEWHERE)}
        self.credentials = {person: self._credentials(person) for person in PEOPLE}
        self.written: list[str] = []  # the tables that the last request wrote to

    @property
    def here(self) -> Estate:
        return self.estates[HERE]

    @property
    def elsewhere(self) -> Estate:
        return self.estates[ELSEWHERE]

    def _credentials(self, person: Person) -> dict[str, str]:
        """What this one sends with each request."""
        if person.comes_with == "nothing":
            return {}
        if person.is_program:
            return {"Authorization": f"Bearer {self._token(person)}"}
        return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self._session(person)}"}

    def _token(self, person: Person) -> str:
        token, secret = self.estates[person.tenant].token(person.name, person.role or "admin")
        if not person.role:
            with tenant_scope(token.tenant_id):
                ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(hours=1))
        return secret

    def _session(self, person: Person) -> str:
        when = TOO_LONG if person.is_late else JUST_NOW
        client = sign_in(Client(), self._user(person), ago=when, factor=TOTP if person.factor else "")
        return str(client.session.session_key)

    def _user(self, person: Person) -> User:
        email = f"{person.name.replace(' ', '-')}@{person.tenant}.example"
        if person.is_staff:
            user = add_staff(email, [person.role], by=Shell()).user
        else:
            user = self.estates[person.tenant].member(email, person.role).user
        user.set_password("a password to be asked for again")
        user.save()
        EmailAddress.objects.update_or_create(user=user, email=email, defaults=PROVEN)
        return user

    def spec(self, account: str) -> str:
        """A good deployment spec for an account."""
        return spec_text(1, account=account, application="intruder")

    def address(self, route: str, owner: str | None = HERE, below: str = HERE) -> str:
        """An address of a route, to a thing of one tenant (or of nobody), below the address of another."""
        arguments = {**(self.estates[owner].arguments(route) if owner else NOTHING), "tenant": below}
        plain = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).replace("^", "").replace("$", "")
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: arguments[found[1]], plain)

    def ask(
        self, person: Person, method: str, address: str, body: bytes = b"", **options: Any
    ) -> HttpResponseBase:
        """Send a request in which this person is who they are; nothing that it changed remains."""
        kind = "application/json" if address.startswith("/api/") else "application/x-www-form-urlencoded"
        body = body or (b"{}" if kind == "application/json" and method not in ("GET", "HEAD") else b"")
        # Each from their own address, because some doors count knocks.
        client = Client(
            headers=self.credentials[person], REMOTE_ADDR=f"198.51.100.{PEOPLE.index(person)}", **options
        )
        with _undone() as written:
            answer = client.generic(method, address, body, content_type=kind)
        self.written = sorted(written - TRACES)
        return answer


@contextmanager
def _undone() -> Iterator[set[str]]:
    """Undo what is done inside, and tell to which tables something was written."""
    written: set[str] = set()

    def noting(execute: Any, sql: str, *rest: Any) -> Any:
        written.update(CHANGE.findall(sql))
        return execute(sql, *rest)

    with atomic(), connection.execute_wrapper(noting):
        yield written
        set_rollback(True)
