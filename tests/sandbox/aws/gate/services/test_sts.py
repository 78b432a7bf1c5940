from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.credentials import Credentials
from tests.sandbox.aws.conftest import policy

BOUND = {"Condition": {"StringEquals": {"sts:ExternalId": "right"}}}


def test_a_root_key_is_root(root, account):
    identity = root("sts").get_caller_identity()

    assert (identity["Account"], identity["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_an_assumed_role_says_who_it_is(new_role, portal, assume, client, account):
    arn = new_role(portal.arn)

    identity = client("sts", assume(portal.credentials, arn)).get_caller_identity()

    name = arn.rsplit("/", 1)[1]
    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/{name}/test"


@pytest.mark.parametrize(
    ("given", "answer"),
    [({}, "AccessDenied"), ({"ExternalId": "wrong"}, "AccessDenied"), ({"ExternalId": "right"}, "ok")],
)
def test_only_the_right_external_id_opens_a_role(new_role, portal, assume, code, given, answer):
    arn = new_role(portal.arn, **BOUND)

    assert code(assume, credentials=portal.credentials, arn=arn, **given) == answer


def test_a_role_that_trusts_somebody_else_stays_shut(new_role, new_account, portal, assume, code):
    arn = new_role(f"arn:aws:iam::{new_account()}:root")

    assert code(assume, credentials=portal.credentials, arn=arn) == "AccessDenied"


def test_a_role_that_does_not_exist_is_refused_like_one_that_does_not_trust(account, portal, assume, code):
    arn = f"arn:aws:iam::{account}:role/enclave-nobody"

    assert code(assume, credentials=portal.credentials, arn=arn) == "AccessDenied"


@pytest.mark.parametrize(
    ("allowed", "answer"), [("sts:AssumeRole", "ok"), ("sts:GetCallerIdentity", "AccessDenied")]
)
def test_across_accounts_the_callers_own_side_must_allow_too(
    root, new_account, new_role, assume, code, allowed, answer
):
    theirs = new_account()
    user = new_user(root("iam", theirs), policy({"Action": allowed}))
    arn = new_role(f"arn:aws:iam::{theirs}:root")

    assert code(assume, credentials=user, arn=arn) == answer


def test_within_an_account_a_trust_by_name_is_enough(root, account, new_role, assume, code):
    named = new_user(root("iam"), policy({"Action": "s3:*"}), "named")

    by_name = new_role(f"arn:aws:iam::{account}:user/named")
    by_account = new_role(f"arn:aws:iam::{account}:root")

    answers = [code(assume, credentials=named, arn=arn) for arn in (by_name, by_account)]
    assert answers == ["ok", "AccessDenied"]


@pytest.mark.parametrize(
    ("action", "answer"), [("sts:AssumeRole", "AccessDenied"), (["sts:AssumeRole", "sts:TagSession"], "ok")]
)
def test_session_tags_need_a_right_of_their_own(root, new_account, new_role, assume, code, action, answer):
    user = new_user(root("iam", theirs := new_account()), policy({"Action": "sts:*"}))
    arn = new_role(f"arn:aws:iam::{theirs}:root", Action=action)

    tags = [{"Key": "team", "Value": "a"}]

    assert code(assume, credentials=user, arn=arn, Tags=tags) == answer


def test_session_tags_count_in_the_sessions_policies(root, new_account, new_role, assume, client, code):
    user = new_user(root("iam", theirs := new_account()), policy({"Action": "sts:*"}))
    only_a = {"Action": "ec2:*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}
    arn = new_role(f"arn:aws:iam::{theirs}:root", only_a, Action=["sts:AssumeRole", "sts:TagSession"])

    sessions = [assume(user, arn, Tags=[{"Key": "team", "Value": team}]) for team in "ab"]

    answers = [code(client("ec2", session).describe_vpcs) for session in sessions]
    assert answers == ["ok", "UnauthorizedOperation"]


def test_a_session_policy_narrows(new_role, portal, assume, client, code):
    arn = new_role(portal.arn, {"Action": "ec2:*"})
    session = assume(portal.credentials, arn, Policy=policy({"Action": "ec2:DescribeVpcs"}))

    ec2 = client("ec2", session)

    assert [code(ec2.describe_vpcs), code(ec2.describe_subnets)] == ["ok", "UnauthorizedOperation"]


def test_a_session_policy_gives_nothing(new_role, portal, assume, client, code):
    session = assume(portal.credentials, new_role(portal.arn), Policy=policy({"Action": "ec2:*"}))

    assert code(client("ec2", session).describe_vpcs) == "UnauthorizedOperation"


def test_a_session_lasts_no_longer_than_the_role_allows(new_role, portal, assume, code):
    arn = new_role(portal.arn)

    answers = [code(assume, credentials=portal.credentials, arn=arn, DurationSeconds=s) for s in (3600, 3601)]

    assert answers == ["ok", "ValidationError"]


def test_an_expired_session_is_refused(aws, new_role, portal, assume, client, code):
    session = assume(portal.credentials, new_role(portal.arn))
    account, credentials, holder = aws.gate.identities._keys[session.access_key_id]
    ended = type(holder)(holder.role_arn, holder.role_id, "x", datetime.now(UTC) - timedelta(seconds=1))
    aws.gate.identities._keys[session.access_key_id] = (account, credentials, ended)

    assert code(client("sts", session).get_caller_identity) == "ExpiredToken"


def test_a_session_needs_its_token(new_role, portal, assume, client, code):
    session = assume(portal.credentials, new_role(portal.arn))
    stolen = Credentials(session.access_key_id, session.secret_access_key, "another token")

    assert code(client("sts", stolen).get_caller_identity) == "InvalidClientTokenId"


def test_what_the_sandbox_does_not_model_is_refused(root, code):
    assert code(root("sts").get_session_token) == "InvalidAction"


def new_user(iam, document, name="user"):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])
