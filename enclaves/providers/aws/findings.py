"""How checks are run: each becomes one finding, whatever the cloud does meanwhile."""

from collections.abc import Callable

from enclaves.providers.base import CheckDefinition, Finding, Outcome, ProviderError, Trouble

# A test says what it found as a pass, or raises what is wrong; a ProviderError may end it at any point.
type Test = Callable[[CheckDefinition], Finding]


class Mismatch(Exception):
    """The account is not as it has to be."""

    def __init__(self, title: str, advice: str, evidence: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice
        self.evidence = evidence


def run(check: CheckDefinition, test: Test) -> Finding:
    """Run one test. A clear refusal fails the check; anything unclear leaves it unknown."""
    try:
        return test(check)
    except Mismatch as wrong:
        return Finding(check.code, Outcome.FAILED, wrong.title, wrong.advice, wrong.evidence)
    except ProviderError as error:
        return _refused(check, error) if error.trouble == Trouble.REFUSED else _unknown(check, error)


def passed(check: CheckDefinition, evidence: str = "") -> Finding:
    return Finding(check.code, Outcome.PASSED, check.title, evidence=evidence)


def skipped(check: CheckDefinition, why: str) -> Finding:
    return Finding(check.code, Outcome.SKIPPED, check.title, why)


def evidence_of(error: ProviderError) -> str:
    return f"{error.action} → {error.code}"


def _refused(check: CheckDefinition, error: ProviderError) -> Finding:
    advice = (
        f"Your account denies {error.action}. Apply the account template again. If it is denied then too, a "
        "service control policy of your organization is the likely reason."
    )
    title = f"{check.title}: the portal may not look"
    return Finding(check.code, Outcome.FAILED, title, advice, evidence_of(error))


def _unknown(check: CheckDefinition, error: ProviderError) -> Finding:
    throttled = error.trouble == Trouble.THROTTLED
    said = "AWS answered “slow down” instead of yes or no." if throttled else "AWS gave no clear answer."
    advice = f"{said} That is no pass. We ask again by ourselves."
    return Finding(check.code, Outcome.UNKNOWN, check.title, advice, evidence_of(error))
