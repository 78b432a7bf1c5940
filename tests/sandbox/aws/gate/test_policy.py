from dataclasses import dataclass

import pytest

from sandbox.aws.gate.conditions import Context
from sandbox.aws.gate.policy import Decision, Question, decide, missing_keys


@dataclass(frozen=True)
class Caller:
    account: str = "111111111111"
    arn: str = "arn:aws:sts::111111111111:assumed-role/enclave-observer/x"
    role_arn: str | None = "arn:aws:iam::111111111111:role/enclave-observer"


def allowing(**statement):
    return {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", **statement}]}


def asked(action="ec2:RunInstances", resource="arn:aws:ec2:::instance/i", **options):
    return Question(action, resource, Context(), **options)


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ({}, Decision.ALLOWED),
        ({"Action": "EC2:run*"}, Decision.ALLOWED),
        ({"Action": ["s3:*", "ec2:Describe*"]}, Decision.IMPLICIT_DENY),
        ({"Resource": "arn:aws:ec2:::instance/*"}, Decision.ALLOWED),
        ({"Resource": "arn:aws:ec2:::volume/*"}, Decision.IMPLICIT_DENY),
        ({"Condition": {"StringEquals": {"aws:RequestedRegion": "x"}}}, Decision.IMPLICIT_DENY),
        ({"Condition": {"NoSuchOperator": {"a": "b"}}}, Decision.IMPLICIT_DENY),
        ({"Effect": "Deny"}, Decision.EXPLICIT_DENY),
        ({"Effect": "Deny", "Condition": {"NoSuchOperator": {"a": "b"}}}, Decision.EXPLICIT_DENY),
    ],
)
def test_a_statement_decides_about_what_it_names(statement, answer):
    assert decide([allowing(**statement)], asked()) is answer


@pytest.mark.parametrize(("action", "answer"), [("iam:GetRole", "implicitDeny"), ("s3:GetObject", "allowed")])
def test_not_action_names_everything_else(action, answer):
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

    assert decide([{"Statement": statement}], asked(action)) == answer


def test_not_resource_names_everything_else():
    statement = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:::instance/*"}

    answers = [
        decide([{"Statement": statement}], asked(resource=r)) for r in ("arn:aws:ec2:::instance/i", "x")
    ]

    assert answers == [Decision.IMPLICIT_DENY, Decision.ALLOWED]


def test_a_deny_wins_wherever_it_stands():
    denying = allowing(Effect="Deny", Action="ec2:*")

    assert decide([allowing(), denying], asked()) is Decision.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("principal", "answers"),
    [
        ("*", ["allowed", "allowed"]),
        ({"AWS": "*"}, ["allowed", "allowed"]),
        ({"AWS": Caller().role_arn}, ["allowed", "allowed"]),
        ({"AWS": [Caller().arn]}, ["allowed", "allowed"]),
        ({"AWS": "111111111111"}, ["allowed", "implicitDeny"]),
        ({"AWS": "arn:aws:iam::111111111111:root"}, ["allowed", "implicitDeny"]),
        ({"AWS": "arn:aws:iam::222222222222:root"}, ["implicitDeny", "implicitDeny"]),
        ({"Service": "ec2.amazonaws.com"}, ["implicitDeny", "implicitDeny"]),
    ],
)
def test_a_principal_is_named_by_itself_or_with_its_whole_account(principal, answers):
    document = {"Statement": {"Effect": "Allow", "Action": "*", "Principal": principal}}

    decided = [decide([document], asked(caller=Caller(), by_name_only=by_name)) for by_name in (False, True)]

    assert decided == answers


def test_a_policy_without_a_principal_trusts_nobody():
    assert decide([allowing()], asked(caller=Caller())) is Decision.IMPLICIT_DENY


def test_missing_keys_are_those_that_a_relevant_statement_needs():
    needing = allowing(Action="ec2:RunInstances", Condition={"StringEquals": {"aws:RequestTag/a": "b"}})
    other = allowing(Action="s3:*", Condition={"StringEquals": {"s3:prefix": "b"}})

    assert missing_keys([needing, other], asked()) == {"aws:RequestTag/a"}
