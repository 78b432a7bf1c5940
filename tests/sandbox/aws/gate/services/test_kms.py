import pytest

from tests.sandbox.aws.conftest import policy


@pytest.fixture
def key(root):
    found = root("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]
    root("kms").create_alias(AliasName="alias/enclave-x", TargetKeyId=found["KeyId"])
    return found


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/enclave-*"}}, "ok"),
        ({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/other-*"}}, "AccessDeniedException"),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, "ok"),
        ({"StringEquals": {"aws:ResourceTag/team": "b"}}, "AccessDeniedException"),
        ({"StringLike": {"kms:ViaService": "ec2.*"}}, "AccessDeniedException"),
    ],
)
def test_conditions_on_a_key(acting, key, code, condition, answer):
    kms = acting("kms", {"Action": "kms:DescribeKey", "Condition": condition})

    assert code(kms.describe_key, KeyId=key["KeyId"]) == answer


@pytest.mark.parametrize("named", ["KeyId", "Arn", "alias"])
def test_a_key_is_the_same_by_any_of_its_names(acting, key, code, named):
    kms = acting("kms", {"Action": "kms:DescribeKey", "Resource": key["Arn"]})

    assert code(kms.describe_key, KeyId=key.get(named, "alias/enclave-x")) == "ok"


def test_a_key_whose_policy_does_not_delegate_opens_to_nobody(root, acting, key, code):
    closed = policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    )
    kms = acting("kms", {"Action": "kms:*"})
    before = code(kms.describe_key, KeyId=key["KeyId"])

    root("kms").put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=closed)

    assert [before, code(kms.describe_key, KeyId=key["KeyId"])] == ["ok", "AccessDeniedException"]


def test_a_key_of_another_account_needs_both_sides(root, new_account, key, code):
    theirs = root("kms", new_account())
    before = code(theirs.describe_key, KeyId=key["Arn"])
    opening = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}

    root("kms").put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy(opening))

    assert [before, code(theirs.describe_key, KeyId=key["Arn"])] == ["AccessDeniedException", "ok"]


@pytest.mark.parametrize(("tag", "answer"), [("a", "ok"), ("b", "AccessDeniedException")])
def test_tags_of_a_new_key_are_known_to_policies(acting, code, tag, answer):
    tagged = {"StringEquals": {"aws:RequestTag/team": "a"}}
    kms = acting("kms", {"Action": ["kms:CreateKey", "kms:TagResource"], "Condition": tagged})

    assert code(kms.create_key, Tags=[{"TagKey": "team", "TagValue": tag}]) == answer
