import pytest

from tests.sandbox.aws.conftest import policy

STATEMENTS = [
    {"Action": "ec2:Describe*"},
    {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEquals": {"aws:RequestTag/enclave:host": "h"}},
    },
    {"Effect": "Deny", "Action": "ec2:DescribeVolumes"},
]
INSTANCE = "arn:aws:ec2:us-east-1:111111111111:instance/i-1"


@pytest.fixture
def simulate(new_role, portal, root):
    """Simulate actions of a role with STATEMENTS; answers the decisions."""

    def make(*actions, **options):
        arn = new_role(portal.arn, *STATEMENTS)
        answer = root("iam").simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=list(actions), **options
        )
        return answer["EvaluationResults"]

    return make


def decisions(results):
    return [(result["EvalActionName"], result["EvalDecision"]) for result in results]


def test_each_action_gets_its_decision(simulate):
    results = simulate("ec2:DescribeVpcs", "ec2:DescribeVolumes", "iam:CreateRole")

    assert decisions(results) == [
        ("ec2:DescribeVpcs", "allowed"),
        ("ec2:DescribeVolumes", "explicitDeny"),
        ("iam:CreateRole", "implicitDeny"),
    ]


def test_conditions_are_met_by_the_context_that_is_given(simulate):
    entry = {
        "ContextKeyName": "aws:RequestTag/enclave:host",
        "ContextKeyValues": ["h"],
        "ContextKeyType": "string",
    }

    without = simulate("ec2:RunInstances", ResourceArns=[INSTANCE])
    given = simulate("ec2:RunInstances", ResourceArns=[INSTANCE], ContextEntries=[entry])

    assert [decisions(without), decisions(given)] == [
        [("ec2:RunInstances", "implicitDeny")],
        [("ec2:RunInstances", "allowed")],
    ]
    assert without[0]["MissingContextValues"] == ["aws:RequestTag/enclave:host"]


def test_every_pair_of_action_and_resource_is_answered(simulate):
    results = simulate("ec2:RunInstances", "ec2:DescribeVpcs", ResourceArns=[INSTANCE, "arn:aws:ec2:::vpc/x"])

    assert [(r["EvalActionName"], r["EvalResourceName"]) for r in results] == [
        (action, arn)
        for action in ("ec2:RunInstances", "ec2:DescribeVpcs")
        for arn in (INSTANCE, "arn:aws:ec2:::vpc/x")
    ]


def test_a_boundary_counts(root, new_role, portal):
    iam, arn = root("iam"), new_role(portal.arn, {"Action": "*"})
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy({"Action": "s3:*"}))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=arn.rsplit("/", 1)[1], PermissionsBoundary=boundary)

    answer = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "ec2:RunInstances"]
    )

    assert decisions(answer["EvaluationResults"]) == [
        ("s3:GetObject", "allowed"),
        ("ec2:RunInstances", "implicitDeny"),
    ]


def test_simulating_needs_the_right_to_simulate(acting, new_role, portal, code):
    arn = new_role(portal.arn)
    iam = acting("iam", {"Action": "iam:SimulatePrincipalPolicy", "Resource": arn})

    answers = [
        code(iam.simulate_principal_policy, PolicySourceArn=source, ActionNames=["ec2:DescribeVpcs"])
        for source in (arn, new_role(portal.arn))
    ]

    assert answers == ["ok", "AccessDenied"]


def test_a_role_that_is_not_there_cannot_be_simulated(root, account, code):
    gone = f"arn:aws:iam::{account}:role/gone"

    assert (
        code(root("iam").simulate_principal_policy, PolicySourceArn=gone, ActionNames=["a:b"])
        == "NoSuchEntity"
    )
