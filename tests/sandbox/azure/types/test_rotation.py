import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.types.rotation import check_rotation


def policy(expiry=None, kind="rotate", **trigger):
    attributes = {"expiryTime": expiry} if expiry else {}
    return {"attributes": attributes, "lifetimeActions": [{"trigger": trigger, "action": {"type": kind}}]}


@pytest.mark.parametrize(
    "good",
    [
        {},
        policy("P90D", timeBeforeExpiry="P30D"),
        policy("P1Y", timeAfterCreate="P11M"),
        policy("P28D", kind="notify", timeBeforeExpiry="P7D"),
        policy(timeAfterCreate="P90D"),
    ],
)
def test_a_policy_that_key_vault_keeps(good):
    assert check_rotation(good) is None


@pytest.mark.parametrize(
    "bad",
    [
        policy("P27D", timeAfterCreate="P10D"),
        policy("90 days", timeAfterCreate="P10D"),
        policy("P", timeAfterCreate="P10D"),
        policy("P90D"),
        policy("P90D", timeAfterCreate="P10D", timeBeforeExpiry="P10D"),
        policy("P90D", timeAfterCreate="P6D"),
        policy("P90D", timeAfterCreate="P84D"),
        policy("P90D", timeBeforeExpiry="P6D"),
        policy(timeBeforeExpiry="P30D"),
        policy("P90D", kind="notify", timeAfterCreate="P30D"),
    ],
)
def test_a_policy_that_it_refuses(bad):
    with pytest.raises(ArmError) as refused:
        check_rotation(bad)

    assert refused.value.code == "BadParameter"
