"""How checks are run on Azure, in Azure's words."""

from functools import partial

from enclaves.providers import findings
from enclaves.providers.findings import Mismatch, Test, Words, evidence_of, passed, skipped

__all__ = ["Mismatch", "Test", "evidence_of", "of_account", "of_zone", "passed", "skipped"]

_WORDS = Words("Azure", "subscription", "a policy or a lock of your organization")

of_account = partial(findings.of_account, words=_WORDS)
of_zone = partial(findings.of_zone, words=_WORDS)
