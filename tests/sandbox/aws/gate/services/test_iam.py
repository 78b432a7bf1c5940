from tests.sandbox.aws.conftest import policy


def test_a_role_is_shown_with_its_tags(root, acting, account):
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    tags = [{"Key": "enclave:registration", "Value": "r"}]
    root("iam").create_role(RoleName="enclave-observer", AssumeRolePolicyDocument=trust, Tags=tags)
    arn = f"arn:aws:iam::{account}:role/enclave-*"

    role = acting("iam", {"Action": "iam:GetRole", "Resource": arn}).get_role(RoleName="enclave-observer")

    assert role["Role"]["Tags"] == tags


def test_only_roles_that_the_policy_names_are_shown(acting, new_role, portal, code):
    names = [new_role(portal.arn).rsplit("/", 1)[1] for _ in range(2)]
    iam = acting("iam", {"Action": "iam:GetRole", "Resource": f"arn:aws:iam::*:role/{names[0]}"})

    assert [code(iam.get_role, RoleName=name) for name in names] == ["ok", "AccessDenied"]


def test_policies_can_ask_for_a_roles_tags(acting, root, new_role, portal, code):
    names = [new_role(portal.arn).rsplit("/", 1)[1] for _ in range(2)]
    root("iam").tag_role(RoleName=names[0], Tags=[{"Key": "a", "Value": "b"}])
    iam = acting("iam", {"Action": "iam:GetRole", "Condition": {"StringEquals": {"iam:ResourceTag/a": "b"}}})

    assert [code(iam.get_role, RoleName=name) for name in names] == ["ok", "AccessDenied"]


def test_who_fills_an_instance_profile_passes_the_role(acting, root, new_role, portal, code):
    role = new_role(portal.arn).rsplit("/", 1)[1]
    root("iam").create_instance_profile(InstanceProfileName="p")
    filling = {"Action": "iam:AddRoleToInstanceProfile"}
    wish = {"InstanceProfileName": "p", "RoleName": role}

    answers = [
        code(acting("iam", *statements).add_role_to_instance_profile, **wish)
        for statements in ([filling], [filling, {"Action": "iam:PassRole"}])
    ]

    assert answers == ["AccessDenied", "ok"]


def test_a_condition_on_the_service_of_a_linked_role(acting, code):
    only_nlb = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    iam = acting("iam", {"Action": "iam:CreateServiceLinkedRole", "Condition": only_nlb})

    answers = [
        code(iam.create_service_linked_role, AWSServiceName=f"{name}.amazonaws.com")
        for name in ("elasticloadbalancing", "autoscaling")
    ]

    assert answers == ["ok", "AccessDenied"]
