import pytest

from tests.enclaves.azure_types import AzureTypes

KIND, VERSION = "Example.Things/things", "2026-01-01"


def _ref(number):
    return {"$ref": f"#/{number}"}


def _property(number, flags=0):
    return {"type": _ref(number), "flags": flags}


THINGS = {
    "resources": {f"{KIND}@{VERSION}": 0},
    "types": {
        "0": {
            "$type": "ObjectType",
            "properties": {
                "name": _property(2, 1),
                "location": _property(2, 1),
                "tags": _property(1),
                "properties": _property(3, 1),
            },
        },
        "1": {"$type": "ObjectType", "additionalProperties": _ref(2)},
        "2": {"$type": "StringType", "minLength": 2, "maxLength": 9, "pattern": "^[a-z]+$"},
        "3": {
            "$type": "ObjectType",
            "properties": {
                "size": _property(4),
                "closed": _property(5),
                "state": _property(2, 2),
                "tier": _property(6),
                "open": _property(9),
                "parts": _property(10),
                "shape": _property(11),
            },
        },
        "4": {"$type": "IntegerType", "minValue": 1, "maxValue": 5},
        "5": {"$type": "BooleanType"},
        "6": {"$type": "UnionType", "elements": [_ref(7), _ref(8)]},
        "7": {"$type": "StringLiteralType", "value": "Hot"},
        "8": {"$type": "StringLiteralType", "value": "Cool"},
        "9": {"$type": "UnionType", "elements": [_ref(7), _ref(2)]},
        "10": {"$type": "ArrayType", "itemType": _ref(4)},
        "11": {
            "$type": "DiscriminatedObjectType",
            "discriminator": "kind",
            "baseProperties": {"kind": _property(2, 1)},
            "elements": {"round": _ref(12)},
        },
        "12": {"$type": "ObjectType", "properties": {"radius": _property(4, 1)}},
    },
}


@pytest.fixture
def remarks():
    """Say what is wrong with a thing of these properties: ``remarks(size=3)``."""
    types = AzureTypes([THINGS])

    def find(**properties):
        body = {"name": "parent/child", "location": "here", "properties": properties}
        return [str(remark) for remark in types.remarks(KIND, VERSION, body)]

    return find


def test_a_body_as_it_should_be_draws_no_remark(remarks):
    fine = {"size": 3, "closed": True, "tier": "Hot", "parts": [1, 2], "open": "anything"}

    assert remarks(**fine, shape={"kind": "round", "radius": 2}) == []


@pytest.mark.parametrize(
    ("properties", "remark"),
    [
        ({"size": "3"}, "$.properties.size: a whole number is wanted"),
        ({"size": True}, "$.properties.size: a whole number is wanted"),
        ({"size": 6}, "$.properties.size: 6 is too small or too large"),
        ({"closed": "true"}, "$.properties.closed: true or false is wanted"),
        ({"state": "made"}, "$.properties.state: is read-only"),
        ({"tier": "Warm"}, "$.properties.tier: 'Warm' is none of ['Hot', 'Cool']"),
        ({"Tier": "Hot"}, "$.properties.Tier: is not known; it is spelled tier"),
        ({"colour": "red"}, "$.properties.colour: is not known"),
        ({"parts": [1, 9]}, "$.properties.parts[1]: 9 is too small or too large"),
        ({"parts": 1}, "$.properties.parts: a list is wanted"),
        ({"shape": {"kind": "flat"}}, "$.properties.shape.kind: 'flat' is none of ['round']"),
        ({"shape": {"kind": "round"}}, "$.properties.shape.radius: is required and missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(remarks, properties, remark):
    assert remarks(**properties) == [remark]


def test_an_expression_is_taken_as_it_is(remarks):
    assert remarks(size="[parameters('size')]") == []


@pytest.mark.parametrize(("value", "text"), [("x", "is too short or too long"), ("A1", "does not match")])
def test_texts_are_held_against_their_pattern(value, text):
    body = {"location": "here", "tags": {"own": value}, "properties": {}}

    (remark,) = AzureTypes([THINGS]).remarks(KIND, VERSION, body)

    assert (remark.path, text in remark.text) == ("$.tags.own", True)


def test_what_is_required_is_missed():
    assert [str(each) for each in AzureTypes([THINGS]).remarks(KIND, VERSION, {"properties": {}})] == [
        "$.location: is required and missing"
    ]


def test_a_version_that_nobody_knows_is_named():
    (remark,) = AzureTypes([THINGS]).remarks(KIND, "1999-01-01", {})

    assert str(remark) == "$: no type is known of Example.Things/things in version 1999-01-01"
