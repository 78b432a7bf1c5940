"""Fills the demo through the services that pages and API use, and plays the tenants' cloud admins."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from enclaves.lifecycle import AccountState, DeploymentState, EnclaveState
from enclaves.models import CloudAccount, Deployment, Enclave
from enclaves.services.accounts import register_account, verify_account
from enclaves.services.deployments import apply_plan, submit_spec
from enclaves.services.enclaves import create_enclave
from enclaves.services.templates import account_template, zone_template
from portal.local import ACME, GLOBEX, PORTAL_ACCOUNT
from portal.runtime.sandbox import SandboxAws
from tenants.gate import Actor
from tenants.models import Membership, Tenant, User
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services import add_member, create_tenant, create_token

ZONE = "prod.aws-us-east-1c"
SPEC = f"""\
application: recommender
enclave: aws:{ACME}/{ZONE}
image: registry.example.com/recommender@sha256:{"5e" * 32}
clusters:
  - name: query
    hosts: 2
    machine: {{vcpu: 4, memory_gib: 16, disk_gib: 100, architecture: arm64}}
  - name: content
    hosts: 3
    machine: {{vcpu: 8, memory_gib: 64, disk_gib: 500, architecture: arm64}}
"""
PATIENCE = 90  # seconds for the worker to do one thing


class SeedingFailed(Exception):
    """The worker did not do in time what the demo waits for."""


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    email: str
    password: str
    tenant: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class TenantPlan:
    """A tenant of the demo: its people, the first of them an admin, and its cloud account."""

    name: str
    title: str
    account: str
    people: tuple[tuple[str, Role], ...]


TENANTS = (
    TenantPlan(
        "acme",
        "Acme Corporation",
        ACME,
        (("Ada Admin", Role.ADMIN), ("Dev Developer", Role.DEVELOPER), ("Rea Reader", Role.READER)),
    ),
    TenantPlan("globex", "Globex", GLOBEX, (("Gil Admin", Role.ADMIN),)),
)


def seed(sandbox: SandboxAws) -> dict[str, Any]:
    """Make the tenants of the demo and all that they have; return what a script needs to use it.

    Raises SeedingFailed.
    """
    people: list[Person] = []
    tokens: list[dict[str, Any]] = []
    registered: list[tuple[Actor, Enclave]] = []
    for plan in TENANTS:
        actor = _sign_up(plan, people)
        with tenant_scope(actor.tenant.pk):
            tokens.append(_token(actor))
            registered.append((actor, _register(plan, sandbox, by=actor)))
    for actor, enclave in registered:
        with tenant_scope(actor.tenant.pk):
            _await_proof(enclave)
    with tenant_scope(registered[0][0].tenant.pk):
        _deploy(by=registered[0][0])
    return _facts(people, tokens, sandbox)


def _sign_up(plan: TenantPlan, people: list[Person]) -> Actor:
    (admin_name, _), *others = plan.people
    admin = _new_user(admin_name, plan, (Role.ADMIN,), people)
    tenant = create_tenant(by=admin, name=plan.name, title=plan.title)
    actor = _actor(tenant, admin)
    with tenant_scope(tenant.pk):
        for name, role in others:
            user = _new_user(name, plan, (role,), people)
            add_member(user.email, [role], by=actor)
    return actor


def _new_user(name: str, plan: TenantPlan, roles: tuple[Role, ...], people: list[Person]) -> User:
    first = name.split(maxsplit=1)[0].lower()
    person = Person(
        email=f"{first}@{plan.name}.example",
        password=f"{first}-{secrets.token_hex(6)}",
        tenant=plan.name,
        roles=tuple(role.value for role in roles),
    )
    people.append(person)
    user = User.objects.create_user(person.email, person.password, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def _actor(tenant: Tenant, user: User) -> Actor:
    with tenant_scope(tenant.pk):
        memberships = Membership.objects.select_related("tenant", "user")
        return Actor.of_member(memberships.get(tenant=tenant, user=user))


def _token(by: Actor) -> dict[str, Any]:
    _, secret = create_token("demo", by.roles, timezone.now() + timedelta(days=7), by=by)
    return {"tenant": by.tenant.name, "roles": [role.value for role in by.roles], "token": secret}


def _register(plan: TenantPlan, sandbox: SandboxAws, *, by: Actor) -> Enclave:
    """Register the account, and apply both templates in it as its own administrator would."""
    account = register_account(by=by, account=f"aws:{plan.account}", title="Production")
    enclave = create_enclave(account, by=by, zone=ZONE)
    for template in (account_template(account), zone_template(enclave)):
        stack = Path(template.file_name).stem
        sandbox.apply_stack(plan.account, enclave.zone.region, stack, template.text)
    verify_account(account, by=by)
    return enclave


def _await_proof(enclave: Enclave) -> None:
    """Wait for the worker; a first look, from before the templates were there, may still be on its way."""

    def is_proved() -> bool:
        account = CloudAccount.objects.get(pk=enclave.account_id)
        enclave.refresh_from_db()
        return (account.state, enclave.state) == (AccountState.VERIFIED, EnclaveState.READY)

    _await(is_proved, f"{enclave} to be proved")


def _deploy(*, by: Actor) -> None:
    revision = submit_spec(by=by, source=SPEC)
    apply_plan(revision, by=by, plan_hash=revision.plan_hash)

    def is_live() -> bool:
        return Deployment.objects.get(pk=revision.deployment_id).state == DeploymentState.LIVE

    _await(is_live, "the hosts of recommender")


def _await(is_done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > deadline:
            raise SeedingFailed(f"Waited {PATIENCE} s in vain for {what}; the worker's log may say why.")
        time.sleep(0.2)


def _facts(people: list[Person], tokens: list[dict[str, Any]], sandbox: SandboxAws) -> dict[str, Any]:
    owners = {plan.account: plan.name for plan in TENANTS}
    accounts = [
        {**account, "tenant": owners.get(account["account_id"])}
        for account in sandbox.accounts()
        if account["account_id"] != PORTAL_ACCOUNT
    ]
    aws = {"endpoint_url": sandbox.url, "portal_account_id": PORTAL_ACCOUNT, "accounts": accounts}
    return {
        "base_url": settings.BASE_URL,
        "users": [{**asdict(person), "roles": list(person.roles)} for person in people],
        "tokens": tokens,
        "sandbox": {"aws": aws},
    }


def write_facts(facts: dict[str, Any], path: Path) -> None:
    """Write what a script needs, passwords included, so that nobody else can read it."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(facts, indent=2) + "\n")
