import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enclaves.services.spec import MAX_BYTES, SCHEMA, InvalidSpec, parse_spec

GOOD = f"""\
application: recommender
enclave: aws:111122223333/prod.aws-us-east-1c
image: registry.example.com/recommender@sha256:{"a" * 64}
clusters:
  - name: query
    hosts: 3
    machine: {{vcpu: 8, memory_gib: 32, disk_gib: 300, architecture: arm64}}
"""


def faults(source):
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(source)
    return [(fault.line, fault.field) for fault in caught.value.faults]


def test_a_good_spec_is_read_with_its_defaults():
    spec = parse_spec(GOOD)

    assert spec["clusters"][0]["hosts"] == 3
    assert spec["clusters"][0]["confidential"] == "none"


def test_json_is_read_as_well():
    assert parse_spec(json.dumps(parse_spec(GOOD))) == parse_spec(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("hosts: 3", "hosts: 10000", [(6, "clusters.0.hosts")]),
        ("hosts: 3", "hosts: three", [(6, "clusters.0.hosts")]),
        ("hosts: 3", "hosts: true", [(6, "clusters.0.hosts")]),
        ("hosts: 3", "hosts: 3.5", [(6, "clusters.0.hosts")]),
        ("hosts: 3", "hosts: 0", [(6, "clusters.0.hosts")]),
        ("hosts: 3", "hosts: 3\n    colour: red", [(7, "clusters.0.colour")]),
        ("    hosts: 3\n", "", [(5, "clusters.0.hosts")]),
        ("arm64", "mips", [(7, "clusters.0.machine.architecture")]),
        ("application: recommender", "application: Recommender", [(1, "application")]),
        ("application: recommender", "application: récommandeur", [(1, "application")]),
        ("application: recommender", "application: 12", [(1, "application")]),
        ("@sha256:", ":latest", [(3, "image")]),
        (
            "  - name: query\n",
            "  - name: query\n    confidential: containers\n",
            [(6, "clusters.0.confidential")],
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_line(old, new, expected):
    assert faults(GOOD.replace(old, new)) == expected


def test_every_missing_field_is_named():
    assert faults("image: x\n")[:3] == [(1, "application"), (1, "clusters"), (1, "enclave")]


def test_two_clusters_of_one_name_are_refused():
    again = GOOD + "  - name: query\n    hosts: 1\n    machine: {vcpu: 1, memory_gib: 1, disk_gib: 10}\n"

    assert faults(again) == [(8, "clusters.1.name")]


def test_a_deployment_has_a_largest_size():
    many = "".join(
        f"  - name: c{n}\n    hosts: 900\n    machine: {{vcpu: 1, memory_gib: 1, disk_gib: 10}}\n"
        for n in range(2)
    )

    assert faults(GOOD[: GOOD.index("  - name")] + many) == [(4, "clusters")]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "[",
        "- 1",
        "\x00",
        "? [a]\n: b",
        "!!python/object/apply:os.system [id]",
        "a: " + "9" * 5_000,
        "{" * 10_000,
        GOOD + "application: twice\n",
        "x" * (MAX_BYTES + 1),
        "é" * 200_000,
    ],
    ids=lambda source: repr(source[:12]),
)
def test_what_is_no_spec_is_refused(source):
    assert len(faults(source)) >= 1


def test_a_bomb_of_aliases_is_refused_before_it_goes_off():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )

    assert faults(bomb) == [(1, "")]


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "x"]), inner, max_size=4)
        ),
        max_leaves=10,
    )
)
def test_no_input_makes_the_reader_fall_over(value):
    with pytest.raises(InvalidSpec):
        parse_spec(json.dumps(value))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall_over(text):
    with pytest.raises(InvalidSpec):
        parse_spec(text)


AZURE = GOOD.replace(
    "aws:111122223333/prod.aws-us-east-1c", "azure:aaaabbbb-0000-4000-8000-ccccdddd0001/prod.azure-eastus-az1"
)


@pytest.mark.parametrize(
    ("spec", "level", "message"),
    [
        (GOOD, "containers", "Confidential containers are not offered on hosts"),
        (AZURE, "containers", "Azure ended confidential containers in March 2026"),
    ],
)
def test_a_level_that_a_cloud_does_not_offer_is_answered_in_its_own_words(spec, level, message):
    with pytest.raises(InvalidSpec, match=message):
        parse_spec(spec.replace("  - name: query\n", f"  - name: query\n    confidential: {level}\n"))


@pytest.mark.parametrize("spec", [GOOD, AZURE])
@pytest.mark.parametrize("level", ["none", "vm", "enclave"])
def test_every_cloud_offers_the_other_levels(spec, level):
    wanted = spec.replace("  - name: query\n", f"  - name: query\n    confidential: {level}\n")

    assert parse_spec(wanted)["clusters"][0]["confidential"] == level
