"""How checks are run on AWS, in AWS's words."""

from functools import partial

from enclaves.providers import findings
from enclaves.providers.findings import Mismatch, Test, Words, evidence_of, passed, skipped

__all__ = ["Mismatch", "Test", "evidence_of", "of_account", "of_zone", "passed", "skipped"]

_WORDS = Words("AWS", "account", "a service control policy of your organization")

of_account = partial(findings.of_account, words=_WORDS)
of_zone = partial(findings.of_zone, words=_WORDS)
