import urllib.error
import urllib.request

import pytest
from botocore.awsrequest import AWSRequest


def test_accounts_see_nothing_of_each_other(root, new_account):
    mine = root("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]

    others = root("ec2", new_account()).describe_vpcs()["Vpcs"]

    assert mine["VpcId"] not in {vpc["VpcId"] for vpc in others}


def test_a_client_cannot_choose_its_account_by_header(root, account, new_account):
    ec2, victim = root("ec2"), new_account()

    def smuggle(request: AWSRequest, **_: object) -> None:
        request.headers["x-moto-account-id"] = victim

    ec2.meta.events.register("before-sign.ec2.CreateVpc", smuggle)

    assert ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["OwnerId"] == account


@pytest.mark.parametrize("path", ["moto-api", "latest"])
def test_the_engines_own_pages_are_out_of_reach(root, code, path):
    assert code(root("s3").get_object, Bucket=path, Key="meta-data/reset") == "AccessDenied"


def test_a_request_without_a_signature_gets_no_further(aws):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{aws.url}/moto-api/reset", data=b"")  # noqa: S310 -- the sandbox

    assert refused.value.code == 403
    refused.value.close()


def test_calls_are_recorded_with_where_they_acted_and_as_whom(aws, acting, account, code):
    ec2 = acting("ec2", {"Action": "ec2:DescribeVpcs"})
    ec2.describe_vpcs()
    code(ec2.describe_subnets)

    calls = [(c.action, c.outcome, c.role[:8]) for c in aws.record.calls(account=account)][-3:]

    assert calls == [
        ("sts:AssumeRole", "ok", ""),
        ("ec2:DescribeVpcs", "ok", "enclave-"),
        ("ec2:DescribeSubnets", "UnauthorizedOperation", "enclave-"),
    ]


def test_errors_of_the_engine_are_recorded_by_their_code(aws, root, account, code):
    code(root("ec2").delete_vpc, VpcId="vpc-12345678")

    assert aws.record.calls(account=account)[-1].outcome == "InvalidVpcID.NotFound"


def test_what_the_engine_cannot_do_is_said_loudly(root, code):
    assert code(root("ec2").describe_vpcs, Filters=[{"Name": "no-such", "Values": ["x"]}]) == "NotImplemented"


def test_errors_of_json_services_carry_their_type(acting, code):
    assert code(acting("kms", {"Action": "kms:Encrypt"}).list_keys) == "AccessDeniedException"


def test_a_body_that_is_no_json_is_refused(root, code):
    kms = root("kms")

    def spoil(request: AWSRequest, **_: object) -> None:
        request.data = b"{"

    kms.meta.events.register("before-sign.kms.ListKeys", spoil)

    assert code(kms.list_keys) == "SerializationException"
