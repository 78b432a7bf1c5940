import pytest

from tests.sandbox.azure.types.bodies import ACCOUNT, account, spoiled

A = f"{ACCOUNT}/archive1"
POLICY = f"{A}/managementPolicies/default"
RULES = "properties.policy.rules"
RULE = f"{RULES}.0"
TYPES = f"{RULE}.definition.filters.blobTypes"
DELETE = f"{RULE}.definition.actions.baseBlob.delete"


def rule(name="expire"):
    return {
        "name": name,
        "enabled": True,
        "type": "Lifecycle",
        "definition": {
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 31}}},
            "filters": {"blobTypes": ["blockBlob", "appendBlob"]},
        },
    }


GOOD = {"properties": {"policy": {"rules": [rule()]}}}


@pytest.fixture(autouse=True)
def _account(cloud):
    cloud.put(A, account())


def test_blobs_go_after_a_month(cloud):
    assert cloud.put(POLICY, GOOD)["properties"]["policy"] == GOOD["properties"]["policy"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (RULES, None, "InvalidParameter"),
        (RULES, [], "InvalidRequestPropertyValue"),
        (RULES, [rule(), rule()], "InvalidRequestPropertyValue"),
        (f"{RULE}.name", "", "InvalidRequestPropertyValue"),
        (f"{RULE}.type", None, "InvalidRequestPropertyValue"),
        (f"{RULE}.type", "Death", "InvalidParameter"),
        (TYPES, [], "InvalidRequestPropertyValue"),
        (TYPES, ["pageBlob"], "InvalidParameter"),
        (f"{RULE}.definition.actions", {}, "InvalidRequestPropertyValue"),
        (DELETE, {}, "InvalidRequestPropertyValue"),
        (DELETE, {"daysAfterModificationGreaterThan": -1}, "InvalidRequestPropertyValue"),
        (DELETE, {"daysAfterModificationGreaterThan": "31"}, "InvalidRequestContent"),
        (
            f"{RULE}.definition.actions.baseBlob.tierToCool",
            {"daysAfterModificationGreaterThan": 5},
            "InvalidRequestPropertyValue",
        ),
    ],
)
def test_a_rule_says_which_blobs_go_when(cloud, path, value, code):
    assert cloud.refusal(POLICY, spoiled(GOOD, path, value)) == code


def test_there_is_one_policy(cloud):
    assert cloud.refusal(f"{A}/managementPolicies/second", GOOD) == "InvalidResourceName"
