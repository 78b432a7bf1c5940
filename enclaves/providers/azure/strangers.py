"""Trying to get in the way that somebody who is not this tenant, or means another subscription, would."""

from collections.abc import Mapping, Sequence

from enclaves.blueprints.azure.names import FEDERATED_CREDENTIAL, PORTAL_ROLES, subject
from enclaves.providers.azure.findings import Mismatch, skipped
from enclaves.providers.azure.sessions import NO_IDENTITY, Sessions
from enclaves.providers.base import CheckDefinition, Claim, Finding, Outcome, ProviderError, Trouble

LET_IN = "let in"
NO_DOOR = "Nobody can be tried before the client id of enclave-observer is handed in."


def test(check: CheckDefinition, claim: Claim, tenant: str, account: str, sessions: Sessions) -> Finding:
    """Knock at each identity. Only a clear refusal by every one is a pass; one that opens is a failure."""
    doors, unclear = _doors(claim, sessions)
    if not doors:
        return skipped(check, NO_DOOR)
    answers: dict[str, str] = {}
    for role, client_id in doors.items():
        answers[role], clear = _knock(client_id, subject(tenant, account, role), sessions)
        unclear = unclear or ("" if clear else answers[role])
    evidence = "; ".join(f"the token exchange for {role} → {answer}" for role, answer in answers.items())
    if LET_IN in answers.values():
        raise _let_in(check, [role for role, answer in answers.items() if answer == LET_IN], evidence)
    if unclear:
        return _unclear(check, unclear, evidence)
    return Finding(check.code, Outcome.PASSED, f"{check.title}: refused", evidence=evidence)


def _doors(claim: Claim, sessions: Sessions) -> tuple[Mapping[str, str], str]:
    """Tell the identities that can be tried, and what kept us from learning of one, if it was no clear no.

    Where the observer is refused, the other's client id cannot be read; nor could a stranger read it.
    """
    doors: dict[str, str] = {}
    for role in PORTAL_ROLES if claim.client_id else ():
        try:
            doors[role] = sessions.client_id(role)
        except ProviderError as error:
            if error.trouble != Trouble.REFUSED and error.code != NO_IDENTITY:
                return doors, error.code
    return doors, ""


def _knock(client_id: str, stranger: str, sessions: Sessions) -> tuple[str, bool]:
    """Say what the stranger was told, and whether that is a clear answer."""
    try:
        sessions.knock(client_id, stranger)
    except ProviderError as error:
        return error.code, error.trouble == Trouble.REFUSED
    return LET_IN, True


def _let_in(check: CheckDefinition, roles: Sequence[str], evidence: str) -> Mismatch:
    told = " and ".join(roles)
    return Mismatch(
        f"{check.title}: let in by {told}",
        f"A federated credential of {told} trusts more than the subject of this registration. Remove every "
        f"one but “{FEDERATED_CREDENTIAL}”, apply the account template again, and find out who added it. "
        "Until then this subscription takes nothing.",
        evidence,
    )


def _unclear(check: CheckDefinition, answer: str, evidence: str) -> Finding:
    return Finding(
        check.code,
        Outcome.UNKNOWN,
        f"{check.title}: not known yet",
        f"Azure answered {answer} instead of yes or no. That is no pass. We ask again by ourselves.",
        evidence,
    )
