"""Proving a subscription: it answers, it is the one that was registered, and no stranger gets in."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from uuid import NAMESPACE_URL, uuid5

from enclaves.blueprints.azure.account import CLIENT_ID
from enclaves.blueprints.azure.names import (
    ACCOUNT_GROUP,
    OBSERVER,
    PROVISIONER,
    REGISTRATION_TAG,
    ROLES,
    VERSION_TAG,
    group_id,
)
from enclaves.providers import tags
from enclaves.providers.azure import findings, strangers, subscription, versions
from enclaves.providers.azure.findings import Mismatch, Test
from enclaves.providers.azure.permissions import Granted
from enclaves.providers.azure.sessions import NO_IDENTITY, Sessions
from enclaves.providers.azure.subscription import Subscription
from enclaves.providers.base import (
    CheckDefinition,
    CheckGroup,
    Claim,
    Finding,
    ProviderError,
    Trouble,
)

OBSERVER_ANSWERS = CheckDefinition(
    "observer-answers", CheckGroup.PROOF, "The observer answers, from the subscription you named"
)
DIRECTORY = CheckDefinition("directory", CheckGroup.PROOF, "The subscription trusts the directory you named")
PROVISIONER_ANSWERS = CheckDefinition(
    "provisioner-answers", CheckGroup.PROOF, "The provisioner answers, from the subscription you named"
)
REGISTRATION = CheckDefinition("registration", CheckGroup.PROOF, "The identities carry this registration")
VERSION = CheckDefinition("template-version", CheckGroup.PROOF, "The account template is current")
OTHER_TENANT = CheckDefinition("canary-tenant", CheckGroup.STRANGERS, "With the subject of another tenant")
OTHER_SUBSCRIPTION = CheckDefinition(
    "other-subscription", CheckGroup.STRANGERS, "With the subject for another subscription"
)
OBSERVER_MAY = CheckDefinition(
    "observer-permissions", CheckGroup.PERMISSIONS, "The observer may read all that it must, and no more"
)
PROVISIONER_MAY = CheckDefinition(
    "provisioner-permissions", CheckGroup.PERMISSIONS, "The provisioner may do all that it must, and no more"
)
HOST_MAY = CheckDefinition(
    "host-permissions", CheckGroup.PERMISSIONS, "The host's identity is there and may add logs, and no more"
)

APPLY = "Apply the account template in this subscription. The check runs again by itself."


class AccountProof:
    """One proof of one subscription; it asks for each fact once."""

    def __init__(self, claim: Claim, sessions: Sessions) -> None:
        self._claim = claim
        self._sessions = sessions
        self._granted = Granted(claim, sessions)
        self._subscription = Subscription(claim, sessions)

    def run(self) -> Iterator[Finding]:
        return findings.of_account(self._tests)

    @cached_property
    def _tests(self) -> Mapping[CheckDefinition, Test]:
        return {
            OBSERVER_ANSWERS: self._observer_answers,
            DIRECTORY: self._subscription.test_directory,
            PROVISIONER_ANSWERS: self._provisioner_answers,
            REGISTRATION: self._registration,
            VERSION: self._version,
            OTHER_TENANT: self._other_tenant,
            OTHER_SUBSCRIPTION: self._other_subscription,
            OBSERVER_MAY: self._granted.test_observer,
            PROVISIONER_MAY: self._granted.test_provisioner,
            HOST_MAY: self._granted.test_host,
            subscription.ENCRYPTION: self._subscription.test_encryption,
            subscription.ZONES: self._subscription.test_zones,
        }

    def _observer_answers(self, check: CheckDefinition) -> Finding:
        if not self._claim.client_id:
            raise Mismatch(
                f"The client id of {OBSERVER} is not handed in yet",
                f"Apply the account template, and paste its output {CLIENT_ID} here.",
            )
        try:
            answered = self._subscription.id
        except ProviderError as error:
            if error.trouble != Trouble.REFUSED:
                raise
            title = f"The identity {OBSERVER} does not let the portal in"
            advice = (
                f"{APPLY} If it was applied: a new federated credential takes Entra some minutes, and the "
                f"client id has to be the template's output {CLIENT_ID}."
            )
            raise Mismatch(title, advice, f"{findings.evidence_of(error)}: {error}") from None
        evidence = f"{versions.SUBSCRIPTION}/read → {answered}"
        if answered != self._claim.account:
            raise Mismatch(f"The identity {OBSERVER} answers from another subscription", APPLY, evidence)
        return findings.passed(check, evidence)

    def _provisioner_answers(self, check: CheckDefinition) -> Finding:
        try:
            client_id = self._sessions.client_id(PROVISIONER)
            _ = self._sessions.provisioner
        except ProviderError as error:
            if error.trouble != Trouble.REFUSED and error.code != NO_IDENTITY:
                raise
            title = f"The identity {PROVISIONER} does not let the portal in"
            raise Mismatch(title, tags.APPLY_AGAIN, f"{findings.evidence_of(error)}: {error}") from None
        return findings.passed(check, f"the token exchange for {client_id} → allowed")

    def _registration(self, check: CheckDefinition) -> Finding:
        wanted = self._claim.registration
        return tags.test_registration(
            check, self._tags, tag=REGISTRATION_TAG, registration=wanted, they="They"
        )

    def _version(self, check: CheckDefinition) -> Finding:
        wanted = self._claim.template_version
        return tags.test_version(check, self._tags, tag=VERSION_TAG, version=wanted)

    def _other_tenant(self, check: CheckDefinition) -> Finding:
        claim = self._claim
        return strangers.test(check, claim, claim.canary_tenant, claim.account, self._sessions)

    def _other_subscription(self, check: CheckDefinition) -> Finding:
        claim = self._claim
        # Nobody's subscription, and the same one each time.
        other = str(uuid5(NAMESPACE_URL, f"not {claim.account}"))
        return strangers.test(check, claim, claim.tenant, other, self._sessions)

    @cached_property
    def _tags(self) -> dict[str, Mapping[str, str]]:
        group = self._sessions.observer.find(versions.GROUP, group_id(self._claim.account, ACCOUNT_GROUP))
        things = {ACCOUNT_GROUP: group, **{role: self._sessions.identity(role) for role in ROLES}}
        return {name: (thing or {}).get("tags") or {} for name, thing in things.items()}


CHECKS = (
    OBSERVER_ANSWERS,
    DIRECTORY,
    PROVISIONER_ANSWERS,
    REGISTRATION,
    VERSION,
    OTHER_TENANT,
    OTHER_SUBSCRIPTION,
    OBSERVER_MAY,
    PROVISIONER_MAY,
    HOST_MAY,
    subscription.ENCRYPTION,
    subscription.ZONES,
)
