import time

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from sandbox.aws.client import control
from sandbox.aws.faults import Fault, Faults


def test_an_error_comes_as_often_as_ordered(aws, root, account, code):
    aws.faults.add(account=account, action="ec2:DescribeVpcs", error="RequestLimitExceeded", times=2)
    ec2 = root("ec2")

    assert [code(ec2.describe_vpcs) for _ in range(3)] == ["RequestLimitExceeded"] * 2 + ["ok"]


def test_errors_have_their_status(aws, root, account):
    statuses = {"RequestLimitExceeded": 503, "InsufficientInstanceCapacity": 500, "InternalError": 500}
    for error in statuses:
        aws.faults.add(account=account, error=error)

    for error, status in statuses.items():
        with pytest.raises(root("ec2").exceptions.ClientError) as failed:
            root("ec2").describe_vpcs()
        metadata = failed.value.response["ResponseMetadata"]
        assert (error, metadata["HTTPStatusCode"]) == (error, status)


def test_botocore_survives_a_throttle_by_itself(aws, root, account):
    aws.faults.add(account=account, action="ec2:DescribeVpcs", error="RequestLimitExceeded", times=2)

    patient = root("ec2", config=Config(retries={"total_max_attempts": 4}))

    assert len(patient.describe_vpcs()["Vpcs"]) == 1


def test_a_fault_strikes_one_account_and_one_action(aws, root, new_account, account, code):
    aws.faults.add(account=account, action="ec2:DescribeVpcs", error="AccessDenied", times=None)

    answers = [
        code(root("ec2").describe_vpcs),
        code(root("ec2").describe_subnets),
        code(root("ec2", new_account()).describe_vpcs),
    ]

    assert answers == ["UnauthorizedOperation", "ok", "ok"]


def test_a_fault_can_wait_for_a_later_call(aws, root, account, code):
    aws.faults.add(account=account, error="InternalError", after=2)
    ec2 = root("ec2")

    assert [code(ec2.describe_vpcs) for _ in range(4)] == ["ok", "ok", "InternalError", "ok"]


def test_an_answer_that_is_cut_off_was_executed(aws, network, account, code):
    aws.faults.add(account=account, action="ec2:RunInstances", cut=True)
    wish = network.wish()

    with pytest.raises(ConnectionClosedError):
        network.ec2.run_instances(**wish)

    assert len(network.ec2.describe_instances()["Reservations"]) == 1
    assert code(network.ec2.run_instances, **wish) == "ok"
    assert len(network.ec2.describe_instances()["Reservations"]) == 1


def test_a_retry_after_a_cut_launches_nothing_twice(aws, network, account, root):
    aws.faults.add(account=account, action="ec2:RunInstances", cut=True)
    patient = root("ec2", config=Config(retries={"total_max_attempts": 3}))

    patient.run_instances(**network.wish())

    outcomes = [c.outcome for c in aws.record.calls(account=account, action="ec2:RunInstances")]
    assert (outcomes, len(network.ec2.describe_instances()["Reservations"])) == (["ok", "ok"], 1)


def test_a_delay_keeps_the_caller_waiting(aws, root, account):
    aws.faults.add(account=account, action="ec2:DescribeVpcs", delay=1.0)
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.3)

    with pytest.raises(ReadTimeoutError):
        root("ec2", config=config).describe_vpcs()


def test_a_delay_delays_only_its_own_call(aws, root, account):
    aws.faults.add(account=account, action="ec2:DescribeVpcs", delay=0.2)
    started = time.monotonic()

    root("ec2").describe_vpcs()

    assert time.monotonic() - started >= 0.2


def test_an_outage_of_sts_strikes_where_the_role_is(aws, new_role, portal, assume, code, account):
    arn = new_role(portal.arn)
    aws.faults.add(account=account, action="sts:*", error="ServiceUnavailable", times=None)

    assert code(assume, credentials=portal.credentials, arn=arn) == "ServiceUnavailable"


def test_faults_are_ordered_listed_and_cancelled_over_http(aws, root, account, code):
    wish = {"account": account, "action": "ec2:Describe*", "error": "InternalError", "times": None}

    waiting = control(aws.url, "POST", "faults", wish)
    struck = code(root("ec2").describe_vpcs)
    control(aws.url, "DELETE", "faults")

    assert [fault["account"] for fault in waiting] == [account]
    assert [struck, code(root("ec2").describe_vpcs)] == ["InternalError", "ok"]


def test_the_first_fault_strikes_first():
    faults = Faults()
    faults.add(error="A", times=1)
    faults.add(error="B", times=1)

    taken = [faults.take("1", "ec2:X") for _ in range(3)]

    assert [fault.error if fault else None for fault in taken] == ["A", "B", None]


def test_actions_are_matched_in_any_case():
    assert Fault(action="EC2:run*").matches("1", "ec2:RunInstances")
