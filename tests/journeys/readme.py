"""What the README's tours tell their reader: the words to look for, and the spec to paste."""

import re
from dataclasses import dataclass
from textwrap import dedent

from portal.runtime.processes import ROOT


@dataclass(frozen=True)
class Tour:
    """One tour of the README, and what it says without words that a page has."""

    title: str
    person: str  # who walks it, by the name before the @
    stranger: str
    template: str  # how the files end that the tenant applies

    @property
    def text(self) -> str:
        return (ROOT / "README.md").read_text().partition(f"## {self.title}\n")[2].partition("\n## ")[0]

    def emphasised(self) -> list[str]:
        """What the tour prints in bold is what a page says, to the letter."""
        found = re.findall(r"\*\*(.+?)\*\*", self.text, re.DOTALL)
        return [" ".join(word.split()) for phrase in found for word in phrase.split("→")]

    def spec(self) -> str:
        return dedent(re.findall(r"```yaml\n(.*?)```", self.text, re.DOTALL)[0])

    def enclave(self) -> tuple[str, str]:
        """The account and the zone that the tour is about."""
        account, _, zone = re.findall(r"enclave: (\S+)", self.text)[0].partition("/")
        return account, zone

    def directory(self) -> str:
        """The Entra tenant of the account; empty where the tour names none."""
        found = re.findall(r"`(dddd1111[0-9a-f-]+)`", self.text)
        return found[0] if found else ""


AWS = Tour("A five-minute tour", "ada", "gil", "yaml")
AZURE = Tour("The same on Azure", "gil", "ada", "json")
