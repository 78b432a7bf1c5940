"""Registering cloud accounts, having them proved, freezing them and giving them up."""

import re
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils import timezone

from enclaves.blueprints import BLUEPRINTS, blueprint
from enclaves.lifecycle import AccountState, EnclaveState
from enclaves.models import Cloud, CloudAccount, Operation, Work
from enclaves.provisioning import live, operations, verify
from enclaves.provisioning.telling import tell_of_account
from enclaves.services import access, queue
from tenants import audit
from tenants.errors import Refused
from tenants.gate import Actor
from tenants.policy import Permission

_ACCOUNT = re.compile(r"(?P<cloud>[a-z]+):(?P<number>[0-9A-Za-z-]+)\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CLOUDS = ", ".join(BLUEPRINTS)
_SETTLED = (AccountState.VERIFIED, AccountState.REMOVED)  # the identity of these stays as it is


@atomic
def register_account(*, by: Actor, account: str, title: str = "", azure_tenant_id: str = "") -> CloudAccount:
    """Name an account and make the binding for it. Nothing is reserved until it is proved.

    Raises ValidationError for a name that is none, or that this tenant has registered already, and for
    an Entra tenant that is missing or out of place.
    """
    by.require(Permission.ACCOUNT_REGISTER)
    cloud, number = _parse(account)
    directory = _directory(cloud, azure_tenant_id)
    if (
        by.tenant.cloudaccounts.filter(cloud=cloud, number=number)
        .exclude(state=AccountState.REMOVED)
        .exists()
    ):
        raise ValidationError({"account": f"{cloud}:{number} is registered already."})
    row = CloudAccount(
        tenant=by.tenant,
        cloud=cloud,
        number=number,
        azure_tenant_id=directory,
        title=title.strip(),
        external_id=f"{by.tenant.name}-{secrets.token_urlsafe(24)}",
        registration=f"reg-{secrets.token_hex(8)}",
    )
    row.clean_fields(exclude=[field.name for field in row._meta.fields if field.name != "title"])
    _save_new(row)
    verify.prepare_checks(row)
    audit.record("account.registered", row, by=by, **_named(row))
    queue.ask(row.tenant_id, Work.Kind.VERIFY, row.pk)
    return row


@atomic
def hand_in_client(account: CloudAccount, *, by: Actor, azure_client_id: str) -> None:
    """Take the id of the identity that the account template made, and have the account proved with it.

    Raises ValidationError for what is no such id, and Refused where another one is proved already.
    """
    by.require(Permission.ACCOUNT_REGISTER)
    _must_exist(account)
    wanted = blueprint(account.cloud).words.hands_back
    if not wanted:
        raise Refused(f"The template of {account} hands nothing back.")
    client_id = _uuid("azure_client_id", azure_client_id, f"This is no {wanted}: that is a UUID.")
    if client_id != account.azure_client_id:
        _change_client(account, client_id, wanted, by)
    queue.ask(account.tenant_id, Work.Kind.VERIFY, account.pk)
    live.nudge(account.tenant_id, f"account:{account.pk}", "accounts")


@atomic
def verify_account(account: CloudAccount, *, by: Actor) -> Operation:
    """Have every check run now, and return the operation to watch."""
    by.require(Permission.ACCOUNT_VERIFY)
    _must_exist(account)
    running = operations.open_operations(account=account, kind=Operation.Kind.VERIFY)
    if running:
        return running[0]
    operation = Operation.objects.create(
        tenant=by.tenant,
        kind=Operation.Kind.VERIFY,
        title=f"Verify {account}",
        account=account,
        steps=operations.steps("Run every check"),
        asked_by=by.label,
    )
    audit.record("account.verification_asked", account, by=by)
    queue.ask(account.tenant_id, Work.Kind.VERIFY, account.pk)
    live.nudge(account.tenant_id, "operations")
    return operation


@atomic
def freeze_account(account: CloudAccount, *, by: Actor) -> None:
    """Stop every change in this account at once. What runs keeps running."""
    by.require(Permission.ACCOUNT_FREEZE)
    _must_exist(account)
    if account.frozen_at is None:
        _set_frozen(account, by, frozen=True)


@atomic
def unfreeze_account(account: CloudAccount, *, by: Actor) -> None:
    """Let changes go on from where they stopped."""
    by.require(Permission.ACCOUNT_FREEZE)
    if account.frozen_at is not None:
        _set_frozen(account, by, frozen=False)


@atomic
def remove_account(account: CloudAccount, *, by: Actor) -> None:
    """Give an account up. Its enclaves must be removed before, so that no machine is forgotten."""
    by.require(Permission.ACCOUNT_REMOVE)
    left = account.enclaves.exclude(state=EnclaveState.REMOVED).values_list("zone_id", flat=True)
    if left:
        raise Refused(f"Remove the enclaves of {account} first: {', '.join(left)}.")
    account.move_to(AccountState.REMOVED, holds=False, next_check_at=None)
    audit.record("account.removed", account, by=by, account=str(account))
    tell_of_account(account, claimed=False)
    live.nudge(account.tenant_id, f"account:{account.pk}", "accounts")


def _change_client(account: CloudAccount, client_id: str, wanted: str, by: Actor) -> None:
    # The update names the states, so that no proof that ends at this moment is left with another identity.
    takes = CloudAccount.objects.filter(pk=account.pk).exclude(state__in=_SETTLED)
    if not takes.update(azure_client_id=client_id):
        raise Refused(f"{account} is verified with another {wanted}. Nothing has to be handed in.")
    before, account.azure_client_id = account.azure_client_id, client_id
    audit.record("account.client_handed_in", account, by=by, azure_client_id=client_id, before=before)


def _save_new(row: CloudAccount) -> None:
    try:
        with atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        # Somebody else of the tenant registered it since we looked; the index decides.
        raise ValidationError({"account": f"{row} is registered already."}) from error


def _parse(account: str) -> tuple[Cloud, str]:
    match = _ACCOUNT.match(account.strip())
    if match is None:
        raise ValidationError({"account": "Write the cloud and the account, like aws:111122223333."})
    cloud, number = match["cloud"], match["number"].lower()
    if cloud not in BLUEPRINTS:
        raise ValidationError({"account": f"Accounts of {cloud} can't be registered; {_CLOUDS} can."})
    words = blueprint(cloud).words
    if not re.fullmatch(words.number_pattern, number):
        about = f"that is {words.number_hint}, like {words.number_example}."
        raise ValidationError({"account": f"{number} is no {words.title} {words.account} id: {about}"})
    return Cloud(cloud), number


def _directory(cloud: Cloud, azure_tenant_id: str) -> str:
    words = blueprint(cloud).words
    if words.needs_directory:
        about = f"Name the Entra tenant that the {words.account} trusts: a UUID, like {words.number_example}."
        return _uuid("azure_tenant_id", azure_tenant_id, about)
    if azure_tenant_id.strip():
        about = f"An {words.title} {words.account} has no Entra tenant. Leave this empty."
        raise ValidationError({"azure_tenant_id": about})
    return ""


def _uuid(field: str, text: str, advice: str) -> str:
    # The text itself is not repeated: people paste secrets into the wrong field.
    if not _UUID.fullmatch(text.strip().lower()):
        raise ValidationError({field: advice})
    return text.strip().lower()


def _named(account: CloudAccount) -> dict[str, Any]:
    """What the record says of a registration, without what it does not have."""
    known = {"account": str(account), "azure_tenant_id": account.azure_tenant_id}
    return {name: value for name, value in known.items() if value}


def _must_exist(account: CloudAccount) -> None:
    if account.state == AccountState.REMOVED:
        raise Refused(f"{account} has been removed.")


def _set_frozen(account: CloudAccount, by: Actor, *, frozen: bool) -> None:
    account.frozen_at = timezone.now() if frozen else None
    account.save(update_fields=["frozen_at"])
    audit.record("account.frozen" if frozen else "account.unfrozen", account, by=by, account=str(account))
    if frozen:
        access.end_for_freeze(by, account.pk)
    for enclave_id in account.enclaves.values_list("id", flat=True):
        queue.ask(account.tenant_id, Work.Kind.RECONCILE, enclave_id)
    live.nudge(account.tenant_id, f"account:{account.pk}", "accounts")
