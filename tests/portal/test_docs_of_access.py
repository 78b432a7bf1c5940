"""docs/access.md names a test for each promise; a name that leads nowhere would prove nothing."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_each_test_that_the_page_names_is_there():
    named = NAMED.findall((ROOT / "docs" / "access.md").read_text())

    missing = [(file, name) for file, name in named if f"def {name}" not in (ROOT / file).read_text()]

    assert (missing, len(named) > 40) == ([], True)
