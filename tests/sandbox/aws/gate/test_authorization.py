import pytest

from sandbox.aws.credentials import Credentials
from tests.sandbox.aws.conftest import policy


def test_what_is_not_allowed_is_denied_with_the_reason(acting, code):
    ec2 = acting("ec2", {"Action": "ec2:DescribeVpcs"})

    assert [code(ec2.describe_vpcs), code(ec2.describe_subnets)] == ["ok", "UnauthorizedOperation"]


def test_a_policy_that_is_removed_counts_no_more(new_role, portal, assume, client, code, root):
    arn = new_role(portal.arn, {"Action": "ec2:DescribeVpcs"})
    ec2 = client("ec2", assume(portal.credentials, arn))
    before = code(ec2.describe_vpcs)

    root("iam").delete_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyName="p")

    assert [before, code(ec2.describe_vpcs)] == ["ok", "UnauthorizedOperation"]


def test_managed_policies_count_and_so_do_those_of_aws(new_role, portal, assume, client, code, root):
    arn = new_role(portal.arn)
    root("iam").attach_role_policy(
        RoleName=arn.rsplit("/", 1)[1], PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
    )

    ec2 = client("ec2", assume(portal.credentials, arn))

    assert [code(ec2.describe_vpcs), code(ec2.create_vpc, CidrBlock="10.0.0.0/16")] == [
        "ok",
        "UnauthorizedOperation",
    ]


def test_a_boundary_limits_what_policies_grant(root, portal, assume, client, code):
    iam = root("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy({"Action": "ec2:DescribeVpcs"}))
    trust = policy({"Effect": "Allow", "Principal": {"AWS": portal.arn}, "Action": "sts:AssumeRole"})
    bound = {"RoleName": "enclave-bound", "PermissionsBoundary": boundary["Policy"]["Arn"]}
    arn = iam.create_role(AssumeRolePolicyDocument=trust, **bound)["Role"]["Arn"]
    iam.put_role_policy(RoleName="enclave-bound", PolicyName="p", PolicyDocument=policy({"Action": "*"}))

    ec2 = client("ec2", assume(portal.credentials, arn))

    assert [code(ec2.describe_vpcs), code(ec2.describe_subnets)] == ["ok", "UnauthorizedOperation"]


def test_a_deny_by_region_hits_that_region_only(new_role, portal, assume, client, code):
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    arn = new_role(portal.arn, {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Condition": elsewhere})
    session = assume(portal.credentials, arn)

    answers = [code(client("ec2", session, region).describe_vpcs) for region in ("eu-west-1", "us-east-1")]

    assert answers == ["ok", "UnauthorizedOperation"]


def test_groups_give_their_policies_to_users(root, client, code):
    iam = root("iam")
    iam.create_user(UserName="ada")
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=policy({"Action": "ec2:DescribeVpcs"}))
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    ec2 = client("ec2", Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    before = code(ec2.describe_vpcs)

    iam.add_user_to_group(GroupName="g", UserName="ada")

    assert [before, code(ec2.describe_vpcs)] == ["UnauthorizedOperation", "ok"]


@pytest.mark.parametrize(
    ("service", "answer"),
    [("ec2", "AuthFailure"), ("sts", "InvalidClientTokenId"), ("kms", "UnrecognizedClientException")],
)
def test_an_unknown_key_is_refused_in_the_services_own_words(client, code, service, answer):
    call = {"ec2": "describe_vpcs", "sts": "get_caller_identity", "kms": "list_keys"}[service]

    assert code(getattr(client(service, Credentials("AKIAUNKNOWNUNKNOWN00", "x")), call)) == answer


def test_a_deactivated_key_is_refused(root, client, code):
    iam = root("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    sts = client("sts", Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    before = code(sts.get_caller_identity)

    iam.update_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"], Status="Inactive")

    assert [before, code(sts.get_caller_identity)] == ["ok", "InvalidClientTokenId"]


def test_the_resources_own_account_is_known_to_policies(acting, new_account, root, code, account):
    root("s3").create_bucket(Bucket=f"mine-{account}")
    here = {"StringEquals": {"aws:ResourceAccount": account}}
    s3 = acting("s3", {"Action": "s3:ListBucket", "Condition": here})

    answers = [code(s3.list_objects_v2, Bucket=name) for name in (f"mine-{account}", f"nobodys-{account}")]

    assert answers == ["ok", "AccessDenied"]
