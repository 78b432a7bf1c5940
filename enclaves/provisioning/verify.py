"""Proving that a tenant controls an account, and that the account is as the templates left it."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from enclaves.blueprints import TEMPLATE_VERSION
from enclaves.lifecycle import AccountState, EnclaveState
from enclaves.models import AccountCheck, CloudAccount, Enclave, Operation, Work
from enclaves.providers.base import (
    CheckDefinition,
    CheckGroup,
    Finding,
    Outcome,
    Place,
    Provider,
    ProviderError,
    ZoneProof,
)
from enclaves.provisioning import catalogue, live, operations, rollout, work
from enclaves.provisioning.clouds import place_of, provider_for
from enclaves.provisioning.telling import is_claimed, tell_of_account
from enclaves.provisioning.work import Claimed
from tenants import audit

log = logging.getLogger(__name__)

BY = "verifier"
SOON = timedelta(seconds=15)
UNCLEAR = timedelta(seconds=40)
PATIENCE = timedelta(hours=1)  # how long somebody who applies a template is expected to watch

HOLDER = CheckDefinition("holder", CheckGroup.PROOF, "No other tenant holds this account")
WAITING, RUNNING = "waiting", "running"


def prepare_checks(account: CloudAccount, enclave: Enclave | None = None) -> None:
    """Write the checks of an account or of one of its enclaves, before any of them ran."""
    provider = provider_for(account)
    definitions = [*provider.zone_checks()] if enclave else [*provider.account_checks(), HOLDER]
    AccountCheck.objects.bulk_create(
        [
            AccountCheck(
                tenant_id=account.tenant_id,
                account=account,
                enclave=enclave,
                position=position,
                group=definition.group,
                code=definition.code,
                title=definition.title,
            )
            for position, definition in enumerate(definitions)
        ]
    )


def verify(account: CloudAccount, claimed: Claimed) -> datetime | None:
    """Run every check of an account and its enclaves; move their states; say when to look again.

    Raises LostLease if another worker took over: what this one saw may be out of date, so it says nothing.
    """
    if account.state == AccountState.REMOVED:
        return None
    began = timezone.now()
    asked = operations.open_operations(account=account, kind=Operation.Kind.VERIFY)
    for operation in asked:
        operations.begin(operation, by=BY)
        operations.set_step(operation, 0, operations.RUNNING, by=BY)
    provider = provider_for(account)
    outcomes = _prove_account(account, provider, claimed)
    enclaves = list(account.enclaves.exclude(state=EnclaveState.REMOVED).select_related("zone", "account"))
    if _answers(outcomes):
        for enclave in enclaves:
            _prove_enclave(enclave, provider, claimed)
    with transaction.atomic():
        is_current = _is_current(account)
        if is_current:
            _conclude(account, outcomes, enclaves, began)
        claimed.keep()  # last, as whoever asks for work locks its row last; held until the commit
    if not is_current:
        return timezone.now()  # operations stay open: the next proof answers them
    _report(account, asked)
    _wake_enclaves(enclaves)
    return account.next_check_at


def _is_current(account: CloudAccount) -> bool:
    """Say whether the identity that was proved is still the one to prove, and let nobody change it now."""
    same = CloudAccount.objects.filter(pk=account.pk, azure_client_id=account.azure_client_id)
    return bool(same.select_for_update(no_key=True).values_list("pk"))


def _prove_account(account: CloudAccount, provider: Provider, claimed: Claimed) -> list[AccountCheck]:
    checks = {check.code: check for check in account.checks.filter(enclave=None)}
    _show_running(account, checks.values())
    for finding in provider.prove_account():
        claimed.keep()
        _record(checks[finding.code], finding)
        account.facts = {**account.facts, **finding.facts}
        if account.state == AccountState.PENDING and _let_us_in(checks[finding.code]):
            _move_account(account, AccountState.VERIFYING, {})
    return [check for check in checks.values() if check.code != HOLDER.code]


def _let_us_in(check: AccountCheck) -> bool:
    """Strangers are refused also where nothing was applied yet; only a proof shows that we have a role."""
    return check.group == CheckGroup.PROOF and check.outcome == Outcome.PASSED


def _show_running(account: CloudAccount, checks: Iterable[AccountCheck]) -> None:
    fresh = [check.pk for check in checks if check.outcome == WAITING and check.code != HOLDER.code]
    if fresh:
        AccountCheck.objects.filter(pk__in=fresh).update(outcome=RUNNING)
        live.nudge(account.tenant_id, f"account:{account.pk}")


def _record(check: AccountCheck, finding: Finding) -> None:
    check.outcome = finding.outcome
    check.title, check.advice, check.evidence = finding.title, finding.advice, finding.evidence
    check.checked_at = timezone.now()
    check.save(update_fields=["outcome", "title", "advice", "evidence", "checked_at"])
    live.nudge(check.tenant_id, f"account:{check.account_id}")


def _answers(outcomes: Iterable[AccountCheck]) -> bool:
    """Say whether the account is proved to be the right one: without that, its zones are not looked at."""
    return all(check.outcome == Outcome.PASSED for check in outcomes if check.group == CheckGroup.PROOF)


def _prove_enclave(enclave: Enclave, provider: Provider, claimed: Claimed) -> None:
    checks = {check.code: check for check in enclave.checks.all()}
    place, began = place_of(enclave), timezone.now()
    try:
        proof = provider.prove_zone(place)
    except ProviderError as error:
        claimed.keep()
        for check in checks.values():
            _record(check, Finding(check.code, Outcome.UNKNOWN, check.title, evidence=str(error)))
        return
    # First, so that who sees that the enclave is ready can deploy to it.
    _refresh_catalogue(enclave, provider, place)
    with transaction.atomic():
        for finding in proof.findings:
            _record(checks[finding.code], finding)
        _conclude_enclave(enclave, proof, began)
        claimed.keep()


def _refresh_catalogue(enclave: Enclave, provider: Provider, place: Place) -> None:
    try:
        catalogue.refresh(enclave.zone, provider, place)
    except ProviderError as error:
        # Says nothing about the zone; the next proof asks again, and until then plans use what was known.
        log.info("The offers of %s could not be read: %s", enclave.zone, error)


def _conclude_enclave(enclave: Enclave, proof: ZoneProof, began: datetime) -> None:
    outcomes = {finding.outcome for finding in proof.findings}
    if outcomes == {Outcome.PASSED}:
        found = {"resources": dict(proof.resources), "quota": dict(proof.quota)}
        _move_enclave(enclave, EnclaveState.READY, **found, proved_at=began, problem="")
    elif Outcome.FAILED in outcomes:
        wrong = [finding.title for finding in proof.findings if finding.outcome == Outcome.FAILED]
        lost = enclave.state in (EnclaveState.READY, EnclaveState.DEGRADED)
        _move_enclave(
            enclave, EnclaveState.DEGRADED if lost else EnclaveState.PENDING, problem="; ".join(wrong)
        )


def _move_enclave(enclave: Enclave, target: EnclaveState, **changes: object) -> None:
    if enclave.state == target:
        Enclave.objects.filter(pk=enclave.pk).update(**changes)
        for name, value in changes.items():
            setattr(enclave, name, value)
        return
    with transaction.atomic():
        enclave.move_to(target, **changes)
        audit.record(
            f"enclave.{target}", enclave, by=audit.System(BY, enclave.tenant_id), problem=enclave.problem
        )
    live.nudge(enclave.tenant_id, f"enclave:{enclave.pk}", f"account:{enclave.account_id}")


def _conclude(
    account: CloudAccount, outcomes: list[AccountCheck], enclaves: list[Enclave], began: datetime
) -> None:
    """Decide the account's state from what all the checks found."""
    target, problem = _verdict(account, outcomes, enclaves)
    if target == AccountState.VERIFIED and not account.holds and not _take_hold(account):
        target, problem = AccountState.VERIFYING, _HELD
    # A proof is as old as its first look: what changed meanwhile it may not have seen.
    changes: dict[str, object] = {"problem": problem, "checked_at": began, "facts": account.facts}
    if target == AccountState.VERIFIED and all(check.outcome == Outcome.PASSED for check in outcomes):
        changes |= {"verified_at": began, "template_version": TEMPLATE_VERSION}
    unclear = account.checks.filter(outcome=Outcome.UNKNOWN).exclude(enclave__state=EnclaveState.REMOVED)
    changes["next_check_at"] = timezone.now() + _pause(account, target, enclaves, unclear=unclear.exists())
    _move_account(account, target, changes)
    tell_of_account(account, claimed=is_claimed(account, HOLDER.code))


_HELD = (
    "You have proved that you control this account, and another registration holds it already. "
    "Its holder has to remove it first."
)


def _verdict(
    account: CloudAccount, outcomes: list[AccountCheck], enclaves: list[Enclave]
) -> tuple[AccountState, str]:
    failed = [check for check in outcomes if check.outcome == Outcome.FAILED]
    if any(check.group == CheckGroup.STRANGERS for check in failed):
        return AccountState.INSECURE, _titles(
            check for check in failed if check.group == CheckGroup.STRANGERS
        )
    if failed:
        return _fallen(account, answers=_first_passed(outcomes)), _titles(failed)
    if any(check.outcome != Outcome.PASSED for check in outcomes):
        return AccountState(account.state), account.problem
    broken = [enclave for enclave in enclaves if enclave.state == EnclaveState.DEGRADED]
    if broken and account.holds:
        return AccountState.DEGRADED, "; ".join(f"{e.zone_id}: {e.problem}" for e in broken)
    return AccountState.VERIFIED, ""


def _fallen(account: CloudAccount, *, answers: bool) -> AccountState:
    if account.holds:
        return AccountState.DEGRADED
    if answers or account.state == AccountState.INSECURE:
        return AccountState.VERIFYING
    return AccountState.PENDING


def _first_passed(outcomes: list[AccountCheck]) -> bool:
    return min(outcomes, key=lambda check: check.position).outcome == Outcome.PASSED


def _titles(checks: Iterable[AccountCheck]) -> str:
    return "; ".join(check.title for check in checks)


def _take_hold(account: CloudAccount) -> bool:
    """Become the one holder of the account, if nobody else is. The index decides, not a look before."""
    check = account.checks.get(enclave=None, code=HOLDER.code)
    try:
        with transaction.atomic():
            CloudAccount.objects.filter(pk=account.pk).update(holds=True)
    except IntegrityError:
        _record(check, Finding(HOLDER.code, Outcome.FAILED, "Another tenant holds this account", _HELD))
        return False
    account.holds = True
    _record(check, Finding(HOLDER.code, Outcome.PASSED, HOLDER.title))
    return True


def _pause(
    account: CloudAccount, target: AccountState, enclaves: list[Enclave], *, unclear: bool
) -> timedelta:
    if unclear:
        return UNCLEAR
    watched = max([account.registered_at, *(enclave.created_at for enclave in enclaves)])
    settled = target == AccountState.VERIFIED and all(e.state != EnclaveState.PENDING for e in enclaves)
    if settled or timezone.now() - watched > PATIENCE:
        return timedelta(seconds=settings.VERIFY_EVERY_SECONDS)
    return SOON


def _move_account(account: CloudAccount, target: AccountState, changes: dict[str, object]) -> None:
    with transaction.atomic():
        if account.state == target:
            CloudAccount.objects.filter(pk=account.pk).update(**changes)
            for name, value in changes.items():
                setattr(account, name, value)
        else:
            before = account.state
            account.move_to(target, **changes)
            audit.record(
                f"account.{target}",
                account,
                by=audit.System(BY, account.tenant_id),
                before=before,
                problem=account.problem,
            )
    live.nudge(account.tenant_id, f"account:{account.pk}", "accounts")


def _report(account: CloudAccount, asked: list[Operation]) -> None:
    for operation in asked:
        if account.state == AccountState.VERIFIED:
            operations.set_step(operation, 0, operations.DONE, by=BY)
            operations.finish(operation, f"{account} is verified.", by=BY)
        else:
            operations.fail(operation, account.problem or "Some checks have no clear answer yet.", by=BY)


def _wake_enclaves(enclaves: list[Enclave]) -> None:
    """Deployments that waited for this proof can go on, or learn that they can't.

    Those that have theirs go on at their own pace, however often a proof is made meanwhile.
    """
    for enclave in enclaves:
        if not all(map(rollout.has_proof, operations.open_operations(enclave=enclave))):
            work.ask(enclave.tenant_id, Work.Kind.RECONCILE, enclave.pk, urgent=True)
