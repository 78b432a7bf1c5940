"""Asking AWS's policy simulator whether the roles may do what the manifest says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.names import HOST, role_arn, stack_name, values
from enclaves.blueprints.base import Permission
from enclaves.providers.aws import findings
from enclaves.providers.aws.config import AwsConfig
from enclaves.providers.aws.errors import translated
from enclaves.providers.aws.findings import Mismatch
from enclaves.providers.aws.sessions import HOME_REGION, Sessions
from enclaves.providers.base import CheckDefinition, Claim, Finding, ProviderError

if TYPE_CHECKING:
    from mypy_boto3_iam.literals import ContextKeyTypeEnumType
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

# Stands for what a pattern leaves open. A region, because some patterns leave the region open.
ANY = HOME_REGION
ALLOWED = "allowed"


@dataclass(frozen=True)
class Missing:
    """A permission that the simulator denies, and by whose doing."""

    permission: Permission
    decision: str
    by_organization: bool

    def __str__(self) -> str:
        kind = self.permission.resource.rsplit(":", 1)[-1].split("/", maxsplit=1)[0]
        return self.permission.action if kind in ("*", "") else f"{self.permission.action} ({kind})"


@dataclass(frozen=True)
class Granted:
    """What the account template grants in one account."""

    account: str
    permissions: Sequence[Permission]

    def to(self, role: str) -> list[Permission]:
        return [permission for permission in self.permissions if permission.role == role]


def granted(claim: Claim, config: AwsConfig) -> Granted:
    """Tell what the account template grants in the account of this claim."""
    names = values(account=claim.account, registration=claim.registration, image_owner=config.images_of)
    return Granted(claim.account, [manifest.filled(each, names) for each in manifest.PERMISSIONS])


def test(check: CheckDefinition, role: str, granted: Granted, sessions: Sessions) -> Finding:
    own = granted.to(role)
    missing = list(_missing(role_arn(granted.account, role), own, sessions))
    if not missing:
        return findings.passed(check, f"iam:SimulatePrincipalPolicy → {len(own)} of {len(own)} allowed")
    names = ", ".join(dict.fromkeys(str(each) for each in missing))
    raise Mismatch(
        f"{_counted(missing)} of {role} missing: {names}",
        _advice(role, names, by_organization=any(each.by_organization for each in missing)),
        "; ".join(
            f"{each.permission.action} on {each.permission.resource} → {each.decision}" for each in missing
        ),
    )


def test_host(check: CheckDefinition, granted: Granted, sessions: Sessions) -> Finding:
    """Test the host's role like the others, after the profile through which machines get it."""
    try:
        with translated("iam:GetInstanceProfile"):
            profile = sessions.iam().get_instance_profile(InstanceProfileName=HOST)
    except ProviderError as error:
        if error.code != "NoSuchEntity":
            raise
        raise _no_profile(findings.evidence_of(error)) from None
    if HOST not in [role["RoleName"] for role in profile["InstanceProfile"]["Roles"]]:
        raise _no_profile(f"iam:GetInstanceProfile → {HOST} without the role {HOST}")
    return test(check, HOST, granted, sessions)


def _no_profile(evidence: str) -> Mismatch:
    advice = "Hosts get their role by it. Apply the account template again. The check runs again by itself."
    return Mismatch(f"The instance profile {HOST} is not there or empty", advice, evidence)


def _counted(missing: Sequence[Missing]) -> str:
    return "1 permission" if len(missing) == 1 else f"{len(missing)} permissions"


def _advice(role: str, names: str, *, by_organization: bool) -> str:
    if by_organization:
        return (
            f"Your account denies {names}. The role has them, and a service control policy of your "
            f"organization takes them away. Allow them for {role} in that policy."
        )
    return (
        f"The role {role} lacks {names}. If the template is new, apply it. If the role was changed by hand, "
        f"undo that: drift detection on the stack {stack_name()} shows it, and applying an unchanged "
        "template again mends nothing. The check runs again by itself."
    )


def _missing(role: str, permissions: Sequence[Permission], sessions: Sessions) -> Iterator[Missing]:
    """Ask once for all the actions that share resource and conditions."""
    for _, group in groupby(permissions, lambda each: (each.resource, each.conditions)):
        together = list(group)
        answers = {answer["EvalActionName"]: answer for answer in _simulate(role, together, sessions)}
        for permission in together:
            answer = answers[permission.action]
            if answer["EvalDecision"] != ALLOWED:
                yield Missing(permission, answer["EvalDecision"], _by_organization(answer))


def _simulate(
    role: str, permissions: Sequence[Permission], sessions: Sessions
) -> "list[EvaluationResultTypeDef]":
    like = permissions[0]
    with translated("iam:SimulatePrincipalPolicy"):
        pages = (
            sessions.iam()
            .get_paginator("simulate_principal_policy")
            .paginate(
                PolicySourceArn=role,
                ActionNames=[permission.action for permission in permissions],
                ResourceArns=[_example(like.resource)],
                ContextEntries=list(_context(like)),
            )
        )
        return [answer for page in pages for answer in page["EvaluationResults"]]


def _by_organization(answer: "EvaluationResultTypeDef") -> bool:
    return not answer.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)


def _example(pattern: str) -> str:
    return pattern if pattern == manifest.ANYTHING else pattern.replace("*", ANY)


def _context(permission: Permission) -> "Iterator[ContextEntryTypeDef]":
    """Make up a call that fulfils the permission's conditions."""
    for operator, keys in permission.conditions.items():
        for key, wanted in keys.items():
            value = ANY if operator == "Null" else _example(wanted)
            yield {
                "ContextKeyName": key,
                "ContextKeyValues": [value],
                "ContextKeyType": _type_of(operator),
            }


def _type_of(operator: str) -> "ContextKeyTypeEnumType":
    if operator == "Bool":
        return "boolean"
    return "stringList" if operator.startswith("For") else "string"
