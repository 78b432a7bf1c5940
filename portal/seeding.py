"""Fills the demo through the services that pages and API use, and plays the tenants' cloud admins."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from enclaves.lifecycle import AccountState, DeploymentState, EnclaveState
from enclaves.models import Cloud, CloudAccount, Deployment, Enclave, Host, Zone
from enclaves.provisioning.issuer import published_keys
from enclaves.services.accounts import hand_in_client, register_account, verify_account
from enclaves.services.deployments import apply_plan, submit_spec
from enclaves.services.enclaves import create_enclave
from enclaves.services.templates import Template, account_template, zone_template
from portal.codes import give_app, new_secret
from portal.pretending import ACME, DIRECTORIES, GLOBEX, GLOBEX_SUBSCRIPTION, PORTAL_ACCOUNT
from portal.runtime.sandbox import SandboxAws, SandboxAzure, SandboxIdp
from portal.signing_on import set_up_sign_on
from tenants.actors import Shell
from tenants.gate import Actor
from tenants.models import Membership, Tenant, User
from tenants.policy import Role, StaffRole
from tenants.scope import tenant_scope
from tenants.services.members import add_member
from tenants.services.service_accounts import create_service_account
from tenants.services.staff import add_staff
from tenants.services.tenants import create_tenant
from tenants.services.tokens import create_service_token

AWS_ZONE, AZURE_ZONE = "prod.aws-us-east-1c", "prod.azure-eastus-az1"
RECOMMENDER = f"""\
application: recommender
enclave: aws:{ACME}/{AWS_ZONE}
image: registry.example.com/recommender@sha256:{"5e" * 32}
clusters:
  - name: query
    hosts: 2
    machine: {{vcpu: 4, memory_gib: 16, disk_gib: 100, architecture: arm64}}
  - name: content
    hosts: 3
    machine: {{vcpu: 8, memory_gib: 64, disk_gib: 500, architecture: arm64}}
"""
CATALOGUE = f"""\
application: catalogue
enclave: azure:{GLOBEX_SUBSCRIPTION}/{AZURE_ZONE}
image: registry.example.com/catalogue@sha256:{"ca" * 32}
clusters:
  - name: query
    hosts: 2
    machine: {{vcpu: 4, memory_gib: 16, disk_gib: 100, architecture: arm64}}
"""
CAREFUL = "Grace Admin"  # who has a second factor, as all staff have
VENDOR = "vendor"
STAFF = (
    ("Sue Support", StaffRole.SUPPORT),
    ("Ann Approver", StaffRole.APPROVER),
    ("Abe Approver", StaffRole.APPROVER),
    ("Opal Operator", StaffRole.OPERATOR),
)
PATIENCE = 90  # seconds for the worker to do one thing
VISITORS_PACE = 0.01  # of Azure's own; registering a feature takes it a quarter of an hour


class SeedingFailed(Exception):
    """The worker did not do in time what the demo waits for."""


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as."""

    email: str
    password: str
    tenant: str  # empty for staff, who are members of none
    roles: tuple[str, ...]
    totp_secret: str = ""  # of an authenticator app, for those who have a second factor


@dataclass(frozen=True)
class AccountPlan:
    """A cloud account of the demo, its zone, and the spec of what runs there."""

    name: str
    zone: str
    directory: str = ""
    spec: str = ""


@dataclass(frozen=True)
class TenantPlan:
    """A tenant of the demo: its people, the first of them an admin, and its cloud accounts."""

    name: str
    title: str
    accounts: tuple[AccountPlan, ...]
    people: tuple[tuple[str, Role], ...]
    signs_on: bool = False  # has an identity provider


TENANTS = (
    TenantPlan(
        "acme",
        "Acme Corporation",
        (AccountPlan(f"aws:{ACME}", AWS_ZONE, spec=RECOMMENDER),),
        (
            ("Ada Admin", Role.ADMIN),
            (CAREFUL, Role.ADMIN),
            ("Dev Developer", Role.DEVELOPER),
            ("Rea Reader", Role.READER),
            ("Mia Reader", Role.READER),
        ),
        signs_on=True,
    ),
    TenantPlan(
        "globex",
        "Globex",
        (
            AccountPlan(
                f"azure:{GLOBEX_SUBSCRIPTION}", AZURE_ZONE, DIRECTORIES[GLOBEX_SUBSCRIPTION], CATALOGUE
            ),
            AccountPlan(f"aws:{GLOBEX}", AWS_ZONE),
        ),
        (("Gil Admin", Role.ADMIN),),
    ),
)


@dataclass(frozen=True)
class Admins:
    """The cloud admins of all tenants: they apply the portal's templates in their own accounts."""

    aws: SandboxAws
    azure: SandboxAzure

    def apply(self, account: CloudAccount, region: str, template: Template) -> Mapping[str, str]:
        """Apply a template with the rights of the account's owner; return its outputs."""
        name = Path(template.file_name).stem
        if account.cloud == Cloud.AZURE:
            return self.azure.deploy(account.number, region, name, template.text)
        self.aws.apply_stack(account.number, region, name, template.text)
        return {}


@dataclass(frozen=True)
class Wait:
    """What the worker has to do before an account gets any further."""

    what: str
    is_over: Callable[[], bool]
    deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE)


type Landing = Iterator[Wait]


def seed(aws: SandboxAws, azure: SandboxAzure, idp: SandboxIdp) -> dict[str, Any]:
    """Make the tenants of the demo and all that they have; return what a script needs to use it.

    Raises SeedingFailed.
    """
    people: list[Person] = []
    tokens: list[dict[str, Any]] = []
    landings: list[tuple[Actor, Landing]] = []
    admins = Admins(aws, azure)
    for plan in TENANTS:
        actor = _sign_up(plan, people)
        with tenant_scope(actor.tenant.pk):
            tokens.append(_token(actor))
            if plan.signs_on:
                set_up_sign_on(idp, by=actor)
        landings += [(actor, _land(account, admins, by=actor)) for account in plan.accounts]
    _hire(people)
    _finish(landings)
    azure.set_pace(VISITORS_PACE)
    return _facts(people, tokens, admins)


def _sign_up(plan: TenantPlan, people: list[Person]) -> Actor:
    (admin_name, _), *others = plan.people
    admin = _new_user(admin_name, plan.name, Role.ADMIN, people)
    tenant = create_tenant(by=admin, name=plan.name, title=plan.title)
    actor = _actor(tenant, admin)
    with tenant_scope(tenant.pk):
        for name, role in others:
            user = _new_user(name, plan.name, role, people)
            add_member(user, [role], by=actor)
    return actor


def _hire(people: list[Person]) -> None:
    for name, role in STAFF:
        add_staff(_new_user(name, VENDOR, role, people).email, [role], by=Shell())


def _new_user(name: str, place: str, role: Role | StaffRole, people: list[Person]) -> User:
    first = name.split(maxsplit=1)[0].lower()
    person = Person(
        email=f"{first}@{place}.example",
        password=f"{first}-{secrets.token_hex(6)}",
        tenant="" if place == VENDOR else place,
        roles=(role.value,),
        totp_secret=new_secret() if place == VENDOR or name == CAREFUL else "",
    )
    people.append(person)
    user = User.objects.create_user(person.email, person.password, name=name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    if person.totp_secret:
        give_app(user, person.totp_secret)
    return user


def _actor(tenant: Tenant, user: User) -> Actor:
    with tenant_scope(tenant.pk):
        memberships = Membership.objects.select_related("tenant", "user")
        return Actor.of_member(memberships.get(tenant=tenant, user=user))


def _token(by: Actor) -> dict[str, Any]:
    account = create_service_account("demo", by.roles, "What the guide and its commands act as", by=by)
    _, secret = create_service_token(account, "demo", timezone.now() + timedelta(days=7), by=by)
    return {"tenant": by.tenant.name, "roles": [role.value for role in by.roles], "token": secret}


def _finish(landings: list[tuple[Actor, Landing]]) -> None:
    """Take every account as far as its plan goes, all at the same time."""
    waits: list[Wait | None] = [None] * len(landings)
    while landings:
        for place, (actor, landing) in enumerate(landings):
            with tenant_scope(actor.tenant.pk):
                waits[place] = _next_wait(landing, waits[place])
        going = [place for place, wait in enumerate(waits) if wait]
        landings, waits = [landings[place] for place in going], [waits[place] for place in going]
        time.sleep(0.2)


def _next_wait(landing: Landing, wait: Wait | None) -> Wait | None:
    """Say what the landing waits for now; None once it is over."""
    if wait is None or wait.is_over():
        return next(landing, None)
    if time.monotonic() > wait.deadline:
        raise SeedingFailed(f"Waited {PATIENCE} s in vain for {wait.what}; the worker's log may say why.")
    return wait


def _land(plan: AccountPlan, admins: Admins, *, by: Actor) -> Landing:
    """Register an account, apply both templates as its own administrator would, and deploy."""
    account = register_account(by=by, account=plan.name, title="Production", azure_tenant_id=plan.directory)
    region = Zone.objects.get(name=plan.zone).region
    outputs = admins.apply(account, region, account_template(account))
    if account.cloud == Cloud.AZURE:
        yield Wait("the portal to have a key to sign with", lambda: bool(published_keys()))
        hand_in_client(account, by=by, azure_client_id=outputs["observerClientId"])
    verify_account(account, by=by)
    yield Wait(f"{account} to be verified", partial(_is_in, account, AccountState.VERIFIED))

    enclave = create_enclave(account, by=by, zone=plan.zone)
    admins.apply(account, region, zone_template(enclave))
    verify_account(account, by=by)
    yield Wait(f"{enclave} to be ready", partial(_is_in, enclave, EnclaveState.READY))

    if plan.spec:
        revision = submit_spec(by=by, source=plan.spec)
        apply_plan(revision, by=by, plan_hash=revision.plan_hash)
        deployment = revision.deployment
        yield Wait(f"the hosts of {deployment}", partial(_is_in, deployment, DeploymentState.LIVE))
        yield Wait(f"the agents on the hosts of {deployment}", partial(_are_heard, deployment))


def _is_in(thing: CloudAccount | Enclave | Deployment, state: str) -> bool:
    thing.refresh_from_db()
    return bool(thing.state == state)


def _are_heard(deployment: Deployment) -> bool:
    return not Host.objects.filter(deployment=deployment, agent__seen_at=None).exists()


def _facts(people: list[Person], tokens: list[dict[str, Any]], admins: Admins) -> dict[str, Any]:
    owners = {account.name: plan.name for plan in TENANTS for account in plan.accounts}
    accounts = [
        {**account, "tenant": owners.get(f"aws:{account['account_id']}")}
        for account in admins.aws.accounts()
        if account["account_id"] != PORTAL_ACCOUNT
    ]
    subscriptions = [
        {**one, "tenant": owners.get(f"azure:{one['subscription_id']}")}
        for one in admins.azure.subscriptions()
    ]
    aws = {"endpoint_url": admins.aws.url, "portal_account_id": PORTAL_ACCOUNT, "accounts": accounts}
    azure = {
        "authority_url": admins.azure.url,
        "arm_url": admins.azure.url,
        "ca_file": str(admins.azure.ca_file),
        "subscriptions": subscriptions,
    }
    return {
        "base_url": settings.BASE_URL,
        "users": [{**asdict(person), "roles": list(person.roles)} for person in people],
        "tokens": tokens,
        "sandbox": {"aws": aws, "azure": azure},
    }


def write_facts(facts: dict[str, Any], path: Path) -> None:
    """Write what a script needs, passwords included, so that nobody else can read it."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(facts, indent=2) + "\n")
