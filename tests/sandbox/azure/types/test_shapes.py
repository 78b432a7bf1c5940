import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.types.shapes import READ_ONLY, AnyKeys, choice, fit, tracked

SHAPE = tracked(
    {
        "size": int,
        "on": bool,
        "names": [str],
        "parts": [{"name": str, "id": READ_ONLY}],
        "kind": choice("Standard", "Premium"),
        "labels": AnyKeys(str),
        "state": READ_ONLY,
    }
)


def fitted(**properties):
    body = {"id": "/x", "name": "x", "type": "t", "location": "eastus", "properties": properties}
    fit(body, SHAPE)
    return body


def test_what_is_known_passes_as_it_is():
    facts = {"size": 1, "on": True, "names": ["a"], "parts": [{"name": "p"}], "labels": {"any": "thing"}}

    assert fitted(**facts)["properties"] == facts


def test_what_only_azure_writes_is_taken_out_and_what_it_wrote_before_stays():
    body = fitted(state="fine", parts=[{"name": "p", "id": "/p"}], provisioningState="Succeeded")

    assert body == {
        "id": "/x",
        "name": "x",
        "type": "t",
        "location": "eastus",
        "properties": {"parts": [{"name": "p"}]},
    }


def test_words_are_spelled_as_azure_does():
    assert fitted(kind="PREMIUM")["properties"] == {"kind": "Premium"}


def test_null_is_as_good_as_left_out():
    assert fitted(kind=None, names=None)["properties"] == {}


@pytest.mark.parametrize(
    ("properties", "code", "target"),
    [
        ({"colour": "red"}, "InvalidRequestContent", "properties.colour"),
        ({"Size": 1}, "InvalidRequestContent", "properties.Size"),
        ({"size": "1"}, "InvalidRequestContent", "properties.size"),
        ({"size": True}, "InvalidRequestContent", "properties.size"),
        ({"on": 1}, "InvalidRequestContent", "properties.on"),
        ({"names": "a"}, "InvalidRequestContent", "properties.names"),
        ({"names": ["a", 2]}, "InvalidRequestContent", "properties.names[1]"),
        ({"parts": [{"colour": 1}]}, "InvalidRequestContent", "properties.parts[0].colour"),
        ({"parts": ["p"]}, "InvalidRequestContent", "properties.parts[0]"),
        ({"labels": {"a": 1}}, "InvalidRequestContent", "properties.labels.a"),
        ({"labels": ["a"]}, "InvalidRequestContent", "properties.labels"),
        ({"kind": "Basic"}, "InvalidParameter", "properties.kind"),
        ({"kind": 1}, "InvalidParameter", "properties.kind"),
    ],
)
def test_what_is_not_known_is_refused_by_its_place(properties, code, target):
    with pytest.raises(ArmError) as refused:
        fitted(**properties)

    assert (refused.value.code, refused.value.target) == (code, target)
