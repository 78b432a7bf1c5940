"""What the README's tour tells its reader: the words to look for, and the spec to paste."""

import re
from textwrap import dedent

from portal.runtime.processes import ROOT

TOUR = (ROOT / "README.md").read_text().partition("## A five-minute tour")[2].partition("\n## ")[0]


def emphasised() -> list[str]:
    """What the tour prints in bold is what a page says, to the letter."""
    found = re.findall(r"\*\*(.+?)\*\*", TOUR, re.DOTALL)
    return [" ".join(word.split()) for phrase in found for word in phrase.split("→")]


def spec() -> str:
    return dedent(re.findall(r"```yaml\n(.*?)```", TOUR, re.DOTALL)[0])


def enclave() -> tuple[str, str]:
    """The account and the zone that the tour is about."""
    account, _, zone = re.findall(r"enclave: (\S+)", TOUR)[0].partition("/")
    return account, zone
