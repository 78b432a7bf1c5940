import pytest

from sandbox.azure.deployments.expressions import Surroundings
from sandbox.azure.deployments.parameters import parameter_values, shown
from sandbox.azure.errors import ArmError

AROUND = Surroundings(subscription={"subscriptionId": "s", "tenantId": "directory"})


def test_a_parameter_is_what_was_given_or_its_default():
    template = {
        "parameters": {
            "Location": {"type": "string"},
            "directory": {"type": "string", "defaultValue": "[subscription().tenantId]"},
            "zones": {"type": "array", "defaultValue": ["1"]},
        }
    }

    values = parameter_values(template, {"location": {"value": "eastus"}}, AROUND)

    assert values == {"Location": "eastus", "directory": "directory", "zones": ["1"]}


@pytest.mark.parametrize(
    ("spec", "given", "why"),
    [
        ("string", {"it": {"value": 3}}, "The template parameter 'it' is no object"),
        ({"type": "string"}, {}, "The value for the template parameter 'it' is not provided"),
        ({"type": "string"}, {"other": {"value": "x"}}, "do not correspond to any parameters defined"),
        ({"type": "string"}, {"it": "x"}, "The template parameter 'it' is given without a value"),
        ({"type": "string"}, {"it": {"value": 3}}, "Expected a value of type 'String'"),
        ({"type": "int"}, {"it": {"value": True}}, "Expected a value of type 'Int'"),
        ({"type": "date"}, {"it": {"value": "x"}}, "has an invalid type 'date'"),
        (
            {"type": "string", "allowedValues": ["a", "b"]},
            {"it": {"value": "c"}},
            "allowed value(s): '['a', 'b']'",
        ),
        ({"type": "string", "minLength": 3}, {"it": {"value": "ab"}}, "out of its bounds"),
        ({"type": "int", "minValue": None}, {"it": {"value": 4}}, "The minValue of a template parameter"),
        ({"type": "int", "maxValue": 3}, {"it": {"value": 4}}, "out of its bounds"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(spec, given, why):
    with pytest.raises(ArmError) as refusal:
        parameter_values({"parameters": {"it": spec}}, given, AROUND)

    assert why in refusal.value.message


def test_a_secret_is_not_shown_again():
    declared = {"password": {"type": "secureString"}, "count": {"type": "int"}}

    answer = shown({"password": "swordfish", "count": 3}, declared)

    assert answer == {"password": {"type": "SecureString"}, "count": {"type": "Int", "value": 3}}
