from datetime import UTC, datetime, timedelta

import pytest

from portal import words

NOW = datetime(2026, 11, 21, 9, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (2 * 86_400 - 1, "47 h"),
        (2 * 86_400, "2 d"),
    ],
)
def test_a_span_is_one_figure_with_its_unit(seconds, said):
    assert words.span(timedelta(seconds=seconds)) == said


def test_a_moment_is_said_from_now():
    assert words.relative(NOW - timedelta(minutes=3), NOW) == "3 min ago"
    assert words.relative(NOW + timedelta(minutes=7), NOW) == "in 7 min"
    assert words.relative(NOW, NOW) == "now"


@pytest.mark.parametrize(("seconds", "said"), [(13, "13 s"), (484, "8 min 4 s"), (8_040, "2 h 14 min")])
def test_what_something_took_has_two_figures_where_one_says_too_little(seconds, said):
    assert words.took(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "over"),
        (0, "over"),
        (59, "0:59 left"),
        (61, "1:01 left"),
        (3_599, "59:59 left"),
        (3_600, "1 h 0 min left"),
        (8_070, "2 h 14 min left"),
    ],
)
def test_what_is_left_runs_down_to_the_second_in_its_last_hour(seconds, said):
    assert words.left(NOW + timedelta(seconds=seconds), NOW) == said
