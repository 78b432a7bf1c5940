import pytest


@pytest.mark.parametrize(("value", "answer"), [("a", "ok"), ("b", "AccessDeniedException")])
def test_tags_of_a_new_parameter_are_known_to_policies(acting, code, value, answer):
    tagged = {"StringEquals": {"aws:RequestTag/team": "a"}}
    ssm = acting("ssm", {"Action": "ssm:PutParameter", "Condition": tagged})
    wish = {"Name": "/enclave/x", "Value": "v", "Type": "String", "Tags": [{"Key": "team", "Value": value}]}

    assert code(ssm.put_parameter, **wish) == answer


@pytest.mark.parametrize(("name", "answer"), [("/enclave/x", "ok"), ("/other/x", "AccessDeniedException")])
def test_parameters_are_checked_by_their_name(acting, code, name, answer):
    ssm = acting("ssm", {"Action": "ssm:PutParameter", "Resource": "arn:aws:ssm:*:*:parameter/enclave/*"})

    assert code(ssm.put_parameter, Name=name, Value="v", Type="String") == answer


@pytest.mark.parametrize(("tag", "answer"), [("h", "ok"), ("x", "AccessDeniedException")])
def test_commands_are_checked_by_the_instances_tags(acting, network, code, tag, answer):
    instance = network.launch()[0]["InstanceId"]
    mine = {"StringEquals": {"ssm:resourceTag/enclave:host": tag}}
    ssm = acting(
        "ssm",
        {"Action": "ssm:SendCommand", "Resource": "arn:aws:ec2:*:*:instance/*", "Condition": mine},
        {"Action": "ssm:SendCommand", "Resource": "arn:aws:ssm:*:*:document/*"},
    )

    wish = {"InstanceIds": [instance], "DocumentName": "AWS-RunShellScript"}

    assert code(ssm.send_command, **wish, Parameters={"commands": ["true"]}) == answer
