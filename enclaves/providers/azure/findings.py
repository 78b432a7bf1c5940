"""How checks are run on Azure, in Azure's words."""

from functools import partial

from enclaves.providers import findings
from enclaves.providers.findings import Mismatch, Test, Words, evidence_of, passed, skipped

__all__ = ["Mismatch", "Test", "evidence_of", "passed", "run", "skipped"]

run = partial(findings.run, words=Words("Azure", "subscription", "a policy or a lock of your organization"))
