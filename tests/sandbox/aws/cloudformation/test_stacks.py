import json

import pytest

from sandbox.aws.client import SandboxError, apply_template, control, delete_stack

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def apply(aws, account):
    """Apply resources as the stack "s" of the account: ``apply({"Vpc": {…}}, outputs=…)``."""

    def make(resources, **sections):
        body = json.dumps({"Resources": resources, **{k.title(): v for k, v in sections.items()}})
        return apply_template(aws.url, aws.add_account(account), body, "us-east-1", "s")

    return make


def vpc(cidr="10.0.0.0/16", **more):
    return {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}, **more}


def role(name="enclave-x", **properties):
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": name, "AssumeRolePolicyDocument": TRUST, **properties},
    }


def inline(action):
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
    }
    return {"PolicyName": action.split(":")[0], "PolicyDocument": document}


def vpcs(root):
    found = root("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    return [one["VpcId"] for one in found]


def test_a_stack_makes_its_resources_and_tells_its_outputs(apply, root):
    stack = apply({"Vpc": vpc()}, outputs={"Id": {"Value": {"Ref": "Vpc"}}})

    assert stack.status == "CREATE_COMPLETE"
    assert [stack.outputs["Id"]] == [stack.resources["Vpc"]] == vpcs(root)


def test_a_stack_that_is_removed_takes_its_resources_along(apply, aws, account, root):
    apply({"Vpc": vpc(), "Role": role()})

    removed = delete_stack(aws.url, account, "us-east-1", "s")

    assert (removed.status, vpcs(root), root("iam").list_roles()["Roles"]) == ("DELETE_COMPLETE", [], [])


def test_what_is_to_be_retained_stays(apply, aws, account, root):
    stack = apply({"Vpc": vpc(DeletionPolicy="Retain")})

    delete_stack(aws.url, account, "us-east-1", "s")

    assert vpcs(root) == [stack.resources["Vpc"]]


def test_a_stack_that_is_not_there_cannot_be_removed(aws, account):
    with pytest.raises(SandboxError, match="does not exist"):
        delete_stack(aws.url, account, "us-east-1", "s")


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::Lambda::Function"},
        {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Ipv4IpamPoolId": "x"}},
        {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}, "CreationPolicy": {}},
    ],
)
def test_what_the_runner_does_not_know_is_refused_before_anything_is_made(apply, root, resource):
    with pytest.raises(SandboxError, match=r"Unrecognized|does not know"):
        apply({"Vpc": vpc(), "Other": resource})

    assert vpcs(root) == []


def test_a_failed_stack_leaves_nothing_behind(apply, root, aws):
    wrong = {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "192.168.0.0/24"},
    }

    with pytest.raises(SandboxError, match=r"InvalidSubnet\.Range") as failed:
        apply({"Role": role(), "Vpc": vpc(), "Subnet": wrong})

    assert (vpcs(root), root("iam").list_roles()["Roles"]) == ([], [])
    statuses = [(event["logical_id"], event["status"]) for event in failed.value.events]
    assert statuses[-4:] == [
        ("Subnet", "CREATE_FAILED"),
        ("Vpc", "DELETE_COMPLETE"),
        ("Role", "DELETE_COMPLETE"),
        ("s", "ROLLBACK_COMPLETE"),
    ]


def test_resources_come_in_the_order_that_they_need(apply):
    subnet = {"VpcId": {"Fn::GetAtt": "Vpc.VpcId"}, "CidrBlock": "10.0.0.0/24"}
    stack = apply(
        {
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": subnet, "DependsOn": ["Role"]},
            "Vpc": vpc(),
            "Role": role(),
        }
    )

    made = [event["logical_id"] for event in stack.events if event["status"] == "CREATE_COMPLETE"]
    assert made == ["Role", "Vpc", "Subnet", "s"]


def test_a_circle_is_refused(apply, root):
    with pytest.raises(SandboxError, match="Circular"):
        apply({"A": vpc(DependsOn="B"), "B": vpc(DependsOn="A")})

    assert vpcs(root) == []


def test_conditions_leave_resources_out(apply, root):
    conditions = {"No": {"Fn::Equals": ["a", "b"]}}

    stack = apply({"Vpc": vpc(Condition="No"), "Role": role()}, conditions=conditions)

    assert (list(stack.resources), vpcs(root)) == (["Role"], [])


def test_applying_again_makes_what_is_new_and_removes_what_is_gone(apply, root):
    first = apply({"A": vpc(), "B": vpc()})

    second = apply({"B": vpc(), "C": vpc()})

    assert second.status == "UPDATE_COMPLETE"
    assert second.resources["B"] == first.resources["B"]
    assert sorted(vpcs(root)) == sorted([second.resources["B"], second.resources["C"]])


def test_a_role_is_updated_in_place(apply, root):
    tags = [{"Key": "enclave:template-version", "Value": "1"}, {"Key": "old", "Value": "x"}]
    apply({"Role": role(Policies=[inline("ec2:*"), inline("s3:*")], Tags=tags)})
    before = root("iam").get_role(RoleName="enclave-x")["Role"]["RoleId"]

    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Condition": {"Bool": {"a": "true"}}}]}
    newer = [{"Key": "enclave:template-version", "Value": "2"}]
    apply(
        {
            "Role": role(
                Policies=[inline("ec2:*"), inline("kms:*")], Tags=newer, AssumeRolePolicyDocument=trust
            )
        }
    )

    found = root("iam").get_role(RoleName="enclave-x")["Role"]
    assert (found["RoleId"], found["Tags"], found["AssumeRolePolicyDocument"]) == (before, newer, trust)
    assert root("iam").list_role_policies(RoleName="enclave-x")["PolicyNames"] == ["ec2", "kms"]


def test_a_policy_is_updated_in_place(apply, root):
    def resources(action):
        document = inline(action)["PolicyDocument"]
        managed = {"ManagedPolicyName": "m", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]}
        return {"Role": role(), "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": managed}}

    arn = apply(resources("ec2:*")).resources["Managed"]

    assert apply(resources("s3:*")).resources["Managed"] == arn
    iam = root("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "s3:*"


def test_an_update_that_would_replace_is_refused_and_undone(apply, root):
    first = apply({"Role": role(Policies=[inline("ec2:*")]), "Vpc": vpc()})

    with pytest.raises(SandboxError, match="cannot update AWS::EC2::VPC: CidrBlock changed"):
        apply({"Role": role(Policies=[inline("s3:*")]), "Vpc": vpc("10.1.0.0/16"), "New": vpc()})

    assert vpcs(root) == [first.resources["Vpc"]]
    assert root("iam").list_role_policies(RoleName="enclave-x")["PolicyNames"] == ["ec2"]


def test_a_bucket_with_objects_stays_until_it_is_empty(apply, aws, account, root):
    apply({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"b-{account}"}}})
    root("s3").put_object(Bucket=f"b-{account}", Key="x", Body=b"x")

    with pytest.raises(SandboxError, match="BucketNotEmpty"):
        delete_stack(aws.url, account, "us-east-1", "s")
    root("s3").delete_object(Bucket=f"b-{account}", Key="x")

    assert delete_stack(aws.url, account, "us-east-1", "s").status == "DELETE_COMPLETE"


def test_only_an_account_of_the_sandbox_has_stacks(aws):
    with pytest.raises(SandboxError, match="no account"):
        apply_template(aws.url, "000000000000", "Resources: {}", "us-east-1", "s")


def test_stacks_run_with_a_root_key_only(aws, new_role, portal, assume):
    session = assume(portal.credentials, new_role(portal.arn, {"Action": "*"}))

    with pytest.raises(SandboxError, match="root key"):
        apply_template(aws.url, session, "Resources: {}", "us-east-1", "s")


def test_stacks_are_listed(apply, aws, account):
    apply({"Vpc": vpc()})

    listed = [(s["name"], s["status"]) for s in control(aws.url, "GET", "stacks") if s["account"] == account]

    assert listed == [("s", "CREATE_COMPLETE")]
