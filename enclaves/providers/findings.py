"""How checks are run on any cloud: each becomes one finding, whatever the cloud does meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from enclaves.providers.base import CheckDefinition, Finding, Outcome, ProviderError, Trouble

# A test says what it found as a pass, or raises what is wrong; a ProviderError may end it at any point.
type Test = Callable[[CheckDefinition], Finding]


@dataclass(frozen=True)
class Words:
    """How a cloud calls itself, an account, and what else may deny a call there."""

    cloud: str
    account: str
    policy: str


class Mismatch(Exception):
    """The account is not as it has to be."""

    def __init__(self, title: str, advice: str, evidence: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice
        self.evidence = evidence


def run(check: CheckDefinition, test: Test, *, words: Words) -> Finding:
    """Run one test. A clear refusal fails the check; anything unclear leaves it unknown."""
    try:
        return test(check)
    except Mismatch as wrong:
        return Finding(check.code, Outcome.FAILED, wrong.title, wrong.advice, wrong.evidence)
    except ProviderError as error:
        refused = error.trouble == Trouble.REFUSED
        return _refused(check, error, words) if refused else _unknown(check, error, words)


def passed(check: CheckDefinition, evidence: str = "", facts: Mapping[str, Any] | None = None) -> Finding:
    return Finding(check.code, Outcome.PASSED, check.title, evidence=evidence, facts=facts or {})


def skipped(check: CheckDefinition, why: str) -> Finding:
    return Finding(check.code, Outcome.SKIPPED, check.title, why)


def evidence_of(error: ProviderError) -> str:
    return f"{error.action} → {error.code}"


def _refused(check: CheckDefinition, error: ProviderError, words: Words) -> Finding:
    advice = (
        f"Your {words.account} denies {error.action}. Apply the account template again. If it is denied then "
        f"too, {words.policy} is the likely reason."
    )
    title = f"{check.title}: the portal may not look"
    return Finding(check.code, Outcome.FAILED, title, advice, evidence_of(error))


def _unknown(check: CheckDefinition, error: ProviderError, words: Words) -> Finding:
    throttled = error.trouble == Trouble.THROTTLED
    said = "answered “slow down” instead of yes or no" if throttled else "gave no clear answer"
    advice = f"{words.cloud} {said}. That is no pass. We ask again by ourselves."
    return Finding(check.code, Outcome.UNKNOWN, check.title, advice, evidence_of(error))
