import pytest

from tests.sandbox.azure.types.bodies import NSG, rule, security_group

WALL = f"{NSG}/wall"


def test_a_group_has_azures_default_rules_below_its_own(cloud):
    made = cloud.put(WALL, security_group(rule("in", 4096)))["properties"]

    assert [item["id"] for item in made["securityRules"]] == [f"{cloud.get(WALL)['id']}/securityRules/in"]
    assert [(item["name"], item["properties"]["priority"]) for item in made["defaultSecurityRules"]] == [
        ("AllowVnetInBound", 65000),
        ("AllowAzureLoadBalancerInBound", 65001),
        ("DenyAllInBound", 65500),
        ("AllowVnetOutBound", 65000),
        ("AllowInternetOutBound", 65001),
        ("DenyAllOutBound", 65500),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"sourceAddressPrefix": "10.0.0.0/8", "destinationAddressPrefix": "VirtualNetwork"},
        {"sourceAddressPrefix": "Storage.EastUS", "destinationPortRange": "1-65535"},
        {"sourceAddressPrefix": "fd00::/8", "destinationAddressPrefix": "fd00::/8"},
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "11.0.0.0/8"]},
        {"protocol": "tcp", "destinationPortRange": None, "destinationPortRanges": ["22", "443"]},
    ],
)
def test_a_rule_may_say(cloud, facts):
    assert cloud.put(WALL, security_group(rule(**facts))) is not None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"priority": None}, "InvalidRequestFormat"),
        ({"direction": None}, "InvalidRequestFormat"),
        ({"direction": "Sideways"}, "InvalidParameter"),
        ({"protocol": "Sctp"}, "InvalidParameter"),
        ({"priority": "100"}, "InvalidRequestContent"),
        ({"sourceAddressPrefix": None}, "SecurityRuleParameterMissing"),
        ({"destinationPortRange": None}, "SecurityRuleParameterMissing"),
        ({"sourceAddressPrefixes": ["10.0.0.0/8"]}, "SecurityRuleParameterContainsUnsupportedValue"),
        ({"sourceAddressPrefix": "10.0.0.0/33"}, "SecurityRuleInvalidAddressPrefix"),
        ({"destinationPortRange": "65536"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "443-22"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "ssh"}, "SecurityRuleInvalidPortRange"),
        (
            {"sourceAddressPrefix": "10.0.0.0/8", "destinationAddressPrefix": "fd00::/8"},
            "SecurityRuleAddressPrefixesFromDifferentFamilies",
        ),
        ({"sourceApplicationSecurityGroups": []}, "InvalidRequestContent"),
    ],
)
def test_a_rule_may_not_say(cloud, facts, code):
    assert cloud.refusal(WALL, security_group(rule(**facts))) == code


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ((rule("a", 100), rule("b", 100)), "SecurityRuleConflict"),
        ((rule("a", 100), rule("A", 101)), "DuplicateResourceName"),
    ],
)
def test_no_two_rules_have_one_place_or_name(cloud, rules, code):
    assert cloud.refusal(WALL, security_group(*rules)) == code


def test_one_priority_serves_each_direction(cloud):
    made = cloud.put(WALL, security_group(rule("a", 100), rule("b", 100, direction="Outbound")))

    assert [item["name"] for item in made["properties"]["securityRules"]] == ["a", "b"]


def test_what_was_read_can_be_written_again(cloud):
    made = cloud.put(WALL, security_group())

    assert cloud.put(WALL, made)["properties"] == made["properties"]
