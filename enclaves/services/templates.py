"""The templates that a tenant applies with its own rights, filled in, and what they let the portal do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.urls import reverse

from enclaves.blueprints import Application, Binding, Permission, blueprint
from enclaves.models import CloudAccount, Enclave
from enclaves.provisioning.clouds import place_of

ROLE_TEXTS: Mapping[str, str] = {
    "observer": "Reads health and drift. Changes nothing.",
    "provisioner": "Makes and ends hosts, with our tags, in our network. Never touches IAM, networks or keys.",
    "host": "What a host itself may do: put logs into the archive. No delete.",
}


@dataclass(frozen=True)
class Card:
    """How to apply one template, as a page shows it."""

    version: int
    text: str
    url: str
    file_name: str
    command: str
    steps: Sequence[str]
    sandbox_command: str


@dataclass(frozen=True)
class ShownPermission:
    action: str
    resource: str
    why: str
    only_if: Sequence[str]


@dataclass(frozen=True)
class ShownRole:
    name: str
    text: str
    permissions: Sequence[ShownPermission]


def binding_of(account: CloudAccount) -> Binding:
    return Binding(
        account=account.number,
        registration=account.registration,
        external_id=account.external_id,
        portal_principal=settings.AWS_PRINCIPAL_ARN,
        image_owner=settings.AWS_ACCOUNT_ID,
    )


def account_template(account: CloudAccount, format: str = "") -> str:
    """The account template of one registration, ready to be applied. Raises UnknownFormat."""
    return blueprint(account.cloud).account_template(binding_of(account), format=format)


def zone_template(enclave: Enclave, format: str = "") -> str:
    """The zone template of one enclave, ready to be applied. Raises UnknownFormat."""
    account = enclave.account
    return blueprint(account.cloud).zone_template(binding_of(account), place_of(enclave), format=format)


def account_card(account: CloudAccount) -> Card:
    plan = blueprint(account.cloud)
    how = plan.commands()
    return Card(
        version=plan.account_version,
        text="It makes the portal's roles, which trust only the external id of this registration.",
        url=reverse("account-template", args=[account.tenant.name, account]),
        file_name=how.file_name,
        command=how.command,
        steps=how.steps,
        sandbox_command=_in_sandbox(account, how.file_name),
    )


def zone_card(enclave: Enclave) -> Card:
    plan, account = blueprint(enclave.account.cloud), enclave.account
    how = plan.commands(place_of(enclave))
    return Card(
        version=plan.zone_version,
        text="It makes the network, your keys and the log archive of this zone.",
        url=reverse("enclave-template", args=[enclave.tenant.name, account, enclave.zone_id]),
        file_name=how.file_name,
        command=how.command,
        steps=how.steps,
        sandbox_command=_in_sandbox(account, how.file_name, enclave.zone.region),
    )


def roles(account: CloudAccount) -> list[ShownRole]:
    """Everything that the templates grant the portal in this account, by role."""
    permissions = blueprint(account.cloud).permissions(binding_of(account))
    by_role = groupby(sorted(permissions, key=lambda one: _place_of_role(one.role)), key=lambda one: one.role)
    return [
        ShownRole(role, ROLE_TEXTS.get(role, ""), [_shown(one) for one in granted]) for role, granted in by_role
    ]


def _place_of_role(role: str) -> tuple[int, str]:
    known = list(ROLE_TEXTS)
    return (known.index(role) if role in known else len(known)), role


def _shown(permission: Permission) -> ShownPermission:
    only_if = [
        f"{key} {operator} {value}"
        for operator, wanted in permission.conditions.items()
        for key, value in wanted.items()
    ]
    return ShownPermission(permission.action, permission.resource, permission.why, only_if)


def _in_sandbox(account: CloudAccount, file_name: str, region: str = "") -> str:
    """The line that plays the cloud admin of the account in the sandbox; nothing outside of a demo."""
    if not settings.SANDBOX_APPLY:
        return ""
    where = f" --region {region}" if region else ""
    return (
        f"{settings.SANDBOX_APPLY} {file_name} --account {account.number} "
        f"--endpoint-url {settings.AWS_ENDPOINT_URL}{where}"
    )


def _binding(account: CloudAccount) -> Binding:
    return Binding(
        account=account.number,
        registration=account.registration,
        external_id=account.external_id,
        portal_principal=settings.AWS_PRINCIPAL_ARN,
        image_owner=settings.AWS_ACCOUNT_ID,
    )


def _template(account: CloudAccount, way: Application, text: str, region: str = "") -> Template:
    sandbox = ""
    if settings.SANDBOX_APPLY:
        where = f" --region {region}" if region else ""
        sandbox = f"{settings.SANDBOX_APPLY} {way.file_name} --account {account.number}{where}"
    return Template(way.file_name, way.format, text, way.command, way.steps, sandbox)
