"""How checks are run on any cloud: each becomes one finding, whatever the cloud does meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enclaves.providers.base import CheckDefinition, CheckGroup, Finding, Outcome, ProviderError, Trouble

# A test says what it found as a pass, or raises what is wrong; a ProviderError may end it at any point.
type Test = Callable[[CheckDefinition], Finding]
type Tests = Mapping[CheckDefinition, Test]


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


def of_account(tests: Tests, *, words: Words) -> Iterator[Finding]:
    """Run the tests of an account: strangers are tried always, the rest once it has proved to be theirs."""
    proved = True
    for check, test in tests.items():
        if check.group == CheckGroup.STRANGERS or proved:
            finding = _run(check, test, words)
        else:
            finding = skipped(check, f"This is looked at once the {words.account} has proved to be yours.")
        if check.group == CheckGroup.PROOF:
            proved = proved and finding.outcome == Outcome.PASSED
        yield finding


def of_zone(
    tests: Tests, needs: Mapping[CheckDefinition, Sequence[CheckDefinition]], *, words: Words
) -> Iterator[Finding]:
    """Run the tests of a zone, each only after those that it needs have passed."""
    passing: set[CheckDefinition] = set()
    for check, test in tests.items():
        missing = [need for need in needs.get(check, ()) if need not in passing]
        if missing:
            yield skipped(check, f"This is looked at once this passes: {missing[0].title}.")
            continue
        finding = _run(check, test, words)
        if finding.outcome == Outcome.PASSED:
            passing.add(check)
        yield finding


def _run(check: CheckDefinition, test: Test, words: Words) -> Finding:
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
