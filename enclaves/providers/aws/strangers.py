"""Trying to get in the way that somebody without our external id would."""

from collections.abc import Mapping

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER, stack_name
from enclaves.providers.aws.findings import Mismatch
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.base import CheckDefinition, Finding, Outcome, ProviderError

LET_IN = "let in"
REFUSED = "AccessDenied"
DOORS = (OBSERVER, PROVISIONER)


def test(check: CheckDefinition, external_id: str | None, sessions: Sessions) -> Finding:
    """Knock at each role. Only a clear refusal by every one is a pass; one that opens is a failure."""
    answers = {role: _knock(role, external_id, sessions) for role in DOORS}
    evidence = "; ".join(f"sts:AssumeRole {role} → {answer}" for role, answer in answers.items())
    if LET_IN in answers.values():
        raise _let_in(check, answers, evidence)
    unclear = [answer for answer in answers.values() if answer != REFUSED]
    if unclear:
        return _unclear(check, unclear[0], evidence)
    return Finding(check.code, Outcome.PASSED, f"{check.title}: refused", evidence=evidence)


def _knock(role: str, external_id: str | None, sessions: Sessions) -> str:
    try:
        sessions.knock(role, external_id)
    except ProviderError as error:
        return error.code
    return LET_IN


def _let_in(check: CheckDefinition, answers: Mapping[str, str], evidence: str) -> Mismatch:
    roles = " and ".join(role for role, answer in answers.items() if answer == LET_IN)
    return Mismatch(
        f"{check.title}: let in by {roles}",
        f"The trust policy of {roles} does not insist on the external id of this registration. Put that "
        f"condition back (drift detection on the stack {stack_name()} shows what was changed; applying an "
        "unchanged template again mends nothing), and find out who took it away. Until then this account "
        "takes nothing.",
        evidence,
    )


def _unclear(check: CheckDefinition, answer: str, evidence: str) -> Finding:
    return Finding(
        check.code,
        Outcome.UNKNOWN,
        f"{check.title}: not known yet",
        f"AWS answered {answer} instead of yes or no. That is no pass. We ask again by ourselves.",
        evidence,
    )
