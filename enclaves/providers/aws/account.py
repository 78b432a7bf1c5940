"""Proving an account: it answers, it is the one that was registered, and no stranger gets in."""

import secrets
from collections.abc import Iterator, Mapping
from functools import cached_property

from enclaves.blueprints.aws.names import OBSERVER, PROVISIONER, REGISTRATION_TAG, ROLES, VERSION_TAG
from enclaves.providers import tags
from enclaves.providers.aws import findings, permissions, strangers
from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.findings import Mismatch, Test
from enclaves.providers.aws.sessions import Sessions
from enclaves.providers.base import (
    CheckDefinition,
    CheckGroup,
    Claim,
    Finding,
    ProviderError,
    Trouble,
)

OBSERVER_ANSWERS = CheckDefinition(
    "observer-answers", CheckGroup.PROOF, "The observer role answers, from the account you named"
)
PROVISIONER_ANSWERS = CheckDefinition(
    "provisioner-answers", CheckGroup.PROOF, "The provisioner role answers, from the account you named"
)
REGISTRATION = CheckDefinition("registration", CheckGroup.PROOF, "The roles carry this registration")
VERSION = CheckDefinition("template-version", CheckGroup.PROOF, "The account template is current")
WITHOUT_ID = CheckDefinition("without-id", CheckGroup.STRANGERS, "Without an external id")
RANDOM_ID = CheckDefinition("random-id", CheckGroup.STRANGERS, "With a random external id")
CANARY_ID = CheckDefinition("canary-id", CheckGroup.STRANGERS, "With the id of another tenant")
OBSERVER_MAY = CheckDefinition(
    "observer-permissions", CheckGroup.PERMISSIONS, "The observer may read all that it must"
)
PROVISIONER_MAY = CheckDefinition(
    "provisioner-permissions", CheckGroup.PERMISSIONS, "The provisioner may do all that it must"
)
HOST_MAY = CheckDefinition(
    "host-permissions", CheckGroup.PERMISSIONS, "The host role is there and may write to the archive"
)

APPLY = "Apply the account template in this account. The check runs again by itself."


class AccountProof:
    """One proof of one account; it asks for each fact once."""

    def __init__(self, claim: Claim, config: AwsConfig, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions
        self._permissions = permissions.granted(claim, config)

    def run(self) -> Iterator[Finding]:
        return findings.of_account(self._tests)

    @cached_property
    def _tests(self) -> Mapping[CheckDefinition, Test]:
        return {
            OBSERVER_ANSWERS: lambda check: self._answers(check, OBSERVER),
            PROVISIONER_ANSWERS: lambda check: self._answers(check, PROVISIONER),
            REGISTRATION: self._registration,
            VERSION: self._version,
            WITHOUT_ID: lambda check: strangers.test(check, None, self._sessions),
            RANDOM_ID: lambda check: strangers.test(check, secrets.token_urlsafe(24), self._sessions),
            CANARY_ID: lambda check: strangers.test(check, self._claim.canary_id, self._sessions),
            OBSERVER_MAY: lambda check: permissions.test(check, OBSERVER, self._permissions, self._sessions),
            PROVISIONER_MAY: lambda check: permissions.test(
                check, PROVISIONER, self._permissions, self._sessions
            ),
            HOST_MAY: lambda check: permissions.test_host(check, self._permissions, self._sessions),
        }

    def _answers(self, check: CheckDefinition, role: str) -> Finding:
        try:
            sts = self._sessions.sts(role)
        except ProviderError as error:
            if error.trouble != Trouble.REFUSED:
                raise
            title = f"The role {role} does not let the portal in"
            raise Mismatch(title, APPLY, findings.evidence_of(error)) from None
        with translated("sts:GetCallerIdentity"):
            identity = sts.get_caller_identity()
        evidence = f"sts:GetCallerIdentity → {identity['Arn']}"
        if identity["Account"] != self._claim.account:
            title = f"The role {role} answers from another account: {identity['Account']}"
            raise Mismatch(title, APPLY, evidence)
        return findings.passed(check, evidence)

    def _registration(self, check: CheckDefinition) -> Finding:
        wanted = self._claim.registration
        return tags.test_registration(
            check, self._role_tags, tag=REGISTRATION_TAG, registration=wanted, they="The roles"
        )

    def _version(self, check: CheckDefinition) -> Finding:
        wanted = self._claim.template_version
        return tags.test_version(check, self._role_tags, tag=VERSION_TAG, version=wanted)

    @cached_property
    def _role_tags(self) -> dict[str, dict[str, str]]:
        return {role: self._tags_of(role) for role in ROLES}

    def _tags_of(self, role: str) -> dict[str, str]:
        try:
            with translated("iam:GetRole"):
                answer = self._sessions.iam().get_role(RoleName=role)
        except ProviderError as error:
            if error.code != "NoSuchEntity":
                raise
            return {}
        return {tag["Key"]: tag["Value"] for tag in answer["Role"].get("Tags", [])}


CHECKS = (
    OBSERVER_ANSWERS,
    PROVISIONER_ANSWERS,
    REGISTRATION,
    VERSION,
    WITHOUT_ID,
    RANDOM_ID,
    CANARY_ID,
    OBSERVER_MAY,
    PROVISIONER_MAY,
    HOST_MAY,
)
