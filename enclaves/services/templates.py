"""The templates that a tenant applies with its own rights, filled in, and what they let the portal do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings

from enclaves.blueprints import TEMPLATE_VERSION, Application, Binding, Permission, TemplateWaits, blueprint
from enclaves.models import CloudAccount, Enclave
from enclaves.provisioning.clouds import place_of
from tenants.errors import Refused

ROLE_TEXTS: Mapping[str, str] = {
    "enclave-observer": "Reads health and drift. Changes nothing.",
    "enclave-provisioner": "Makes and ends hosts, in the network of a zone. Never IAM, networks or keys.",
    "enclave-host": "What a host itself may do: put logs into the archive. No delete.",
}


@dataclass(frozen=True)
class Template:
    """One template for one registration, and how to apply it."""

    version: int
    format: str
    file_name: str
    text: str
    media_type: str
    command: str
    steps: Sequence[str]
    sandbox_command: str  # plays the tenant's cloud admin in a demo; empty outside of one


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


def account_template(account: CloudAccount, format: str = "") -> Template:
    """The account template of one registration, ready to be applied. Raises UnknownFormat."""
    plan = blueprint(account.cloud)
    text = plan.account_template(_binding(account), format=format)
    return _template(account, plan.commands(account=account.number, format=format), text)


def zone_template(enclave: Enclave, format: str = "") -> Template:
    """The zone template of one enclave, ready to be applied.

    Raises UnknownFormat, and Refused while the account's proof has yet to tell something that it needs.
    """
    account, place = enclave.account, place_of(enclave)
    plan = blueprint(account.cloud)
    try:
        text = plan.zone_template(_binding(account), place, format=format)
    except TemplateWaits as waits:
        raise Refused(str(waits)) from waits
    return _template(account, plan.commands(place, account=account.number, format=format), text)


def roles(account: CloudAccount) -> list[ShownRole]:
    """Everything that the templates grant the portal in this account, by role."""
    permissions = blueprint(account.cloud).permissions(_binding(account))
    by_role = groupby(sorted(permissions, key=_place), key=lambda permission: permission.role)
    return [
        ShownRole(role, ROLE_TEXTS.get(role, ""), [_shown(permission) for permission in granted])
        for role, granted in by_role
    ]


def _place(permission: Permission) -> tuple[int, str]:
    known = list(ROLE_TEXTS)
    return (known.index(permission.role) if permission.role in known else len(known)), permission.role


def _shown(permission: Permission) -> ShownPermission:
    only_if = [
        f"{key} {operator} {value}"
        for operator, wanted in permission.conditions.items()
        for key, value in wanted.items()
    ]
    return ShownPermission(permission.action, permission.resource, permission.why, only_if)


def _binding(account: CloudAccount) -> Binding:
    return Binding(
        account=account.number,
        registration=account.registration,
        external_id=account.external_id,
        portal_principal=settings.AWS_PRINCIPAL_ARN,
        image_owner=settings.AWS_ACCOUNT_ID,
        tenant=str(account.tenant_id),
        directory=account.azure_tenant_id,
        facts=account.facts,
        issuer=settings.ISSUER_URL,
    )


def _template(account: CloudAccount, how: Application, text: str) -> Template:
    return Template(
        version=TEMPLATE_VERSION,
        format=how.format,
        file_name=how.file_name,
        text=text,
        media_type=how.media_type,
        command=how.command,
        steps=how.steps,
        sandbox_command=_in_sandbox(account, how),
    )


def _in_sandbox(account: CloudAccount, how: Application) -> str:
    command = settings.SANDBOX_APPLY[account.cloud]
    if not command:
        return ""
    return f"{command} {how.file_name} --account {account.number} --region {how.region}"
