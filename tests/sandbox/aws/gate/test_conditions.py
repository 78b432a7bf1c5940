import pytest

from sandbox.aws.gate.conditions import NEGATIONS, OPERATORS, Context, holds, substitute

CASES = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringNotEquals", "a", "b", True),
    ("StringEqualsIgnoreCase", "a", "A", True),
    ("StringNotEqualsIgnoreCase", "a", "A", False),
    ("StringLike", "enclave-host", "enclave-*", True),
    ("StringNotLike", "enclave-host", "enclave-*", False),
    ("ArnEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/*", True),
    ("ArnLike", "arn:aws:iam::1:role/a", "arn:aws:*:role/a", False),
    ("ArnNotLike", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/*", True),
    ("ArnNotEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a", False),
    ("Bool", "true", "True", True),
    ("BinaryEquals", "YQ==", "YQ==", True),
    ("IpAddress", "10.1.2.3", "10.0.0.0/8", True),
    ("NotIpAddress", "10.1.2.3", "10.0.0.0/8", False),
    ("NumericEquals", "1", "1.0", True),
    ("NumericNotEquals", "1", "2", True),
    ("NumericLessThan", "9", "10", True),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "9", "10", False),
    ("NumericGreaterThanEquals", "x", "10", False),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", True),
    ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", True),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", True),
    ("DateLessThanEquals", "0", "2026-01-02T00:00:00Z", True),
    ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", False),
    ("DateGreaterThanEquals", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", True),
]


@pytest.mark.parametrize(("operator", "value", "expected", "answer"), CASES)
def test_operators_compare_as_iam_does(operator, value, expected, answer):
    assert holds({operator: {"key": expected}}, Context({"key": value})) is answer


def test_every_operator_has_a_case():
    assert {operator.lower() for operator, *_ in CASES} == {*OPERATORS, *NEGATIONS}


@pytest.mark.parametrize(
    ("operator", "answer"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_a_missing_key_satisfies_only_what_iam_says(operator, answer):
    assert holds({operator: {"sts:ExternalId": "x"}}, Context()) is answer


@pytest.mark.parametrize(
    ("wanted", "there", "answer"),
    [("true", {}, True), ("false", {"k": "v"}, True), ("true", {"k": "v"}, False)],
)
def test_null_asks_whether_a_key_is_there(wanted, there, answer):
    assert holds({"Null": {"k": wanted}}, Context(there)) is answer


def test_several_values_are_taken_together_or_one_by_one():
    context = Context({"aws:TagKeys": ["a", "b"]})

    answers = [
        holds({f"{quantifier}:StringEquals": {"aws:TagKeys": wanted}}, context)
        for quantifier in ("ForAllValues", "ForAnyValue")
        for wanted in (["a", "b", "c"], ["a"], ["c"])
    ]

    assert answers == [True, False, False, True, True, False]


def test_all_lines_of_a_block_must_hold():
    block = {"StringEquals": {"a": "1", "b": "2"}}

    assert [holds(block, Context({"a": "1", "b": b})) for b in "23"] == [True, False]


def test_variables_are_filled_in_and_unknown_ones_match_nothing():
    context = Context({"aws:username": "ada"})

    texts = ["${aws:username}/*", "${aws:nobody}", "${aws:nobody, 'x'}", "${*}"]

    assert [substitute(text, context) for text in texts] == ["ada/*", "\0", "x", "*"]
