import pytest

from sandbox.aws.cloudformation.template import Expressions, StackError, load_template, parameter_values

TEMPLATE = {
    "Conditions": {
        "IsA": {"Fn::Equals": ["a", {"Ref": "Letter"}]},
        "IsNotA": {"Fn::Not": [{"Condition": "IsA"}]},
        "Both": {"Fn::And": [{"Condition": "IsA"}, {"Condition": "IsNotA"}]},
        "Either": {"Fn::Or": [{"Condition": "IsA"}, {"Condition": "IsNotA"}]},
    },
    "Mappings": {"Sizes": {"eu": {"small": 1}}},
}


@pytest.fixture
def expressions():
    values = {"Letter": "a", "AWS::Region": "eu-west-1", "List": ["x", "y"]}
    return Expressions(
        TEMPLATE,
        values,
        reference=lambda name: f"id-of-{name}",
        attribute=lambda name, attribute: f"{name}/{attribute}",
        zones=lambda region: [f"{region}a", f"{region}b"],
    )


CASES = [
    ("{Ref: Letter}", "a"),
    ("!Ref Vpc", "id-of-Vpc"),
    ("!GetAtt Vpc.CidrBlock", "Vpc/CidrBlock"),
    ("!GetAtt Vpc.Ipv6.Blocks", "Vpc/Ipv6.Blocks"),
    ("Fn::GetAtt: [Vpc, CidrBlock]", "Vpc/CidrBlock"),
    ("!Sub 'x-${Letter}-${Vpc}-${Vpc.Arn}-${!Not}'", "x-a-id-of-Vpc-Vpc/Arn-${Not}"),
    ("!Sub ['${own}', {own: !Ref Letter}]", "a"),
    ("!Join ['-', [a, !Ref Letter, 1]]", "a-a-1"),
    ("!Select [1, !Ref List]", "y"),
    ("!Select ['0', !Split ['.', 'prod.aws']]", "prod"),
    ("!Cidr [10.0.0.0/16, 2, 12]", ["10.0.0.0/20", "10.0.16.0/20"]),
    ("!Cidr ['2400::/56', 2, 64]", ["2400::/64", "2400:0:0:1::/64"]),
    ("!If [IsA, 1, 2]", 1),
    ("!If [IsNotA, 1, 2]", 2),
    ("!If [Both, 1, 2]", 2),
    ("!If [Either, 1, 2]", 1),
    ("[!If [IsNotA, 1, !Ref AWS::NoValue], 2]", [2]),
    ("{a: !Ref AWS::NoValue, b: 1}", {"b": 1}),
    ("!Base64 hello", "aGVsbG8="),
    ("!GetAZs ''", ["eu-west-1a", "eu-west-1b"]),
    ("!GetAZs us-east-1", ["us-east-1a", "us-east-1b"]),
    ("!FindInMap [Sizes, eu, small]", 1),
    ("{Version: 2012-10-17}", {"Version": "2012-10-17"}),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_expressions_mean_what_cloudformation_says(expressions, text, value):
    found = load_template(f"Resources: {{X: {{Type: T}}}}\nValue:\n  {text}")["Value"]

    assert expressions.evaluate(found) == value


@pytest.mark.parametrize(
    "expression",
    [
        {"Fn::Transform": "x"},
        {"Fn::Select": [2, ["a"]]},
        {"Fn::If": ["Nowhere", 1, 2]},
        {"Fn::FindInMap": ["Sizes", "us", "small"]},
        {"Fn::Cidr": ["10.0.0.0/24", 3, 7]},
    ],
)
def test_what_means_nothing_is_refused(expressions, expression):
    with pytest.raises(StackError):
        expressions.evaluate(expression)


@pytest.mark.parametrize("text", ["", "[]", "Resources: [", "Outputs: {}"])
def test_text_that_is_no_template_is_refused(text):
    with pytest.raises(StackError):
        load_template(text)


PARAMETERS = {
    "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "MinLength": 2, "MaxLength": 4},
    "Size": {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 5},
    "Public": {"Type": "String", "Default": False, "AllowedValues": [True, False]},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
}


def test_parameters_have_their_defaults():
    values = parameter_values({"Parameters": PARAMETERS}, {"Name": "ab"})

    assert values == {"Name": "ab", "Size": "3", "Public": "false", "Zones": ["a", "b"]}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Name": "a"},
        {"Name": "abcde"},
        {"Name": "AB"},
        {"Name": "ab", "Size": "6"},
        {"Name": "ab", "Size": "x"},
        {"Name": "ab", "Public": "perhaps"},
        {"Name": "ab", "Unknown": "x"},
    ],
)
def test_parameters_that_do_not_fit_are_refused(given):
    with pytest.raises(StackError):
        parameter_values({"Parameters": PARAMETERS}, given)
