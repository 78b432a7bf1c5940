import json
import urllib.error
import urllib.request

import pytest

from sandbox.aws.client import SandboxError, control


def test_accounts_are_added_and_listed_with_their_keys(aws):
    added = control(aws.url, "POST", "accounts", {"account": "300000000001"})

    assert added in control(aws.url, "GET", "accounts")
    assert added["account_id"] == "300000000001"


def test_an_account_keeps_its_key(aws):
    first, second = (control(aws.url, "POST", "accounts", {"account": "300000000002"}) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("account", ["1", "12345678901x", ""])
def test_an_account_has_twelve_digits(aws, account):
    with pytest.raises(SandboxError, match="twelve digits"):
        control(aws.url, "POST", "accounts", {"account": account})


def test_calls_can_be_asked_for(aws, root, account):
    root("ec2").describe_vpcs()

    found = control(aws.url, "GET", f"calls?account={account}&action=ec2:DescribeVpcs")

    assert [(call["action"], call["outcome"], call["account"]) for call in found] == [
        ("ec2:DescribeVpcs", "ok", account)
    ]


def test_behaviour_and_capacity_can_be_set(aws):
    control(aws.url, "POST", "behaviour", {"pending_seconds": 7})
    control(aws.url, "POST", "capacity", {"account": "300000000003", "free": 1})

    assert aws.behaviour.pending_seconds == 7
    assert aws.behaviour.free_capacity("300000000003", "m7g.large", "use1-az6") == 1


@pytest.mark.parametrize(
    ("noun", "body"),
    [("behaviour", {"colour": 1}), ("faults", {"colour": 1}), ("stacks", {}), ("accounts", {})],
)
def test_what_makes_no_sense_is_refused(aws, noun, body):
    with pytest.raises(SandboxError):
        control(aws.url, "POST", noun, body)


def test_an_unknown_page_is_not_there(aws):
    with pytest.raises(SandboxError, match="no such page"):
        control(aws.url, "GET", "nothing")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 400),
        ({"Content-Type": "application/json", "Host": "evil.example"}, 404),
        ({"Content-Type": "application/json"}, 200),
    ],
)
def test_a_page_in_a_browser_cannot_reach_it(aws, headers, status):
    body = json.dumps({"account": "300000000004"}).encode()
    address = f"{aws.url}/_sandbox/accounts"
    request = urllib.request.Request(address, body, headers)  # noqa: S310 -- the sandbox

    assert status_of(request) == status


def status_of(request):
    try:
        with urllib.request.urlopen(request) as reply:  # noqa: S310 -- the sandbox
            return reply.status
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
