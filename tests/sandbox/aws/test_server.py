import json
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from sandbox.aws.server import EmbeddedAws


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "10.0.0.1"])  # noqa: S104 -- to be refused
def test_it_listens_on_loopback_only(host):
    with pytest.raises(ValueError, match="loopback"):
        EmbeddedAws(host=host)


def test_the_portal_may_assume_enclave_roles_and_nothing_else(
    portal, client, code, assume, new_role, root, account
):
    arn = new_role(portal.arn)
    trust = root("iam").get_role(RoleName=arn.rsplit("/", 1)[1])["Role"]["AssumeRolePolicyDocument"]
    root("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))

    answers = [
        code(assume, credentials=portal.credentials, arn=arn),
        code(assume, credentials=portal.credentials, arn=f"arn:aws:iam::{account}:role/other"),
        code(client("ec2", portal.credentials).describe_vpcs),
        code(client("iam", portal.credentials).list_users),
    ]
    assert answers == ["ok", "AccessDenied", "UnauthorizedOperation", "AccessDenied"]


def test_the_portal_stays_the_same_user(aws, portal):
    assert aws.add_portal() == portal


def test_reset_forgets_faults_and_calls_and_keeps_accounts(aws, root, account):
    aws.faults.add(account=account, error="InternalError", times=None)
    aws.behaviour.change(pending_seconds=100)

    aws.reset()

    assert (aws.faults.waiting(), aws.record.calls(), aws.behaviour.pending_seconds) == ([], [], 0.0)
    assert root("sts").get_caller_identity()["Account"] == account


def test_many_callers_at_once_get_addresses_of_their_own(network):
    with ThreadPoolExecutor(8) as pool:
        launched = list(chain.from_iterable(pool.map(lambda _: network.launch(5), range(8))))

    assert len({one["PrivateIpAddress"] for one in launched}) == 40
    assert len({one["InstanceId"] for one in launched}) == 40
