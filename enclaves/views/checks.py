"""How checks are shown: in groups, each with what it is for."""

from collections.abc import Sequence
from typing import NamedTuple

from enclaves.lifecycle import AccountState
from enclaves.models import AccountCheck, CloudAccount

TITLES = {
    "proof": ("Proof", ""),
    "strangers": (
        "Nobody else gets in",
        "We try to get in the way an attacker would, as strangers with the wrong key. Your account must "
        "refuse us each time. If one try succeeds, the account is insecure and takes nothing.",
    ),
    "permissions": (
        "Permissions",
        "The roles may do what the portal needs. Each is looked up, rehearsed or simulated, which changes "
        "nothing.",
    ),
    "zone": ("Posture", "Each thing that the zone template makes, found by its tags, exactly once."),
}


class Group(NamedTuple):
    slug: str
    title: str
    text: str
    checks: Sequence[AccountCheck]

    @property
    def passed(self) -> int:
        return sum(check.outcome == "passed" for check in self.checks)


class Step(NamedTuple):
    title: str
    text: str
    done: bool
    current: bool


def grouped(checks: Sequence[AccountCheck]) -> list[Group]:
    """The checks by group, in the order in which the groups are explained above."""
    return [
        Group(slug, title, text, [check for check in checks if check.group == slug])
        for slug, (title, text) in TITLES.items()
        if any(check.group == slug for check in checks)
    ]


def zone_group(checks: Sequence[AccountCheck]) -> Group:
    return Group("zone", *TITLES["zone"], checks)


def registration_steps(account: CloudAccount, checks: Sequence[AccountCheck]) -> list[Step]:
    """The way of an account from its name to its proof, and where on it this one stands."""
    words, handed = account.words, bool(account.azure_client_id)
    applied = account.state != AccountState.PENDING or handed
    proved = account.state in (AccountState.VERIFIED, AccountState.DEGRADED)
    where = f"in your {words.account}"
    seen = "done" if handed else f"seen {where}" if applied else f"{where}, with your rights"
    handing = Step(f"Hand in {words.hands_back}", "handed in" if handed else "below", handed, current=False)
    return [
        Step(f"Name the {words.account}", "done", done=True, current=False),
        Step("Apply the template", seen, done=applied, current=not applied),
        *([handing] if words.hands_back else []),
        Step("Proof", _score(checks), done=proved, current=applied and not proved),
    ]


def _score(checks: Sequence[AccountCheck]) -> str:
    failed = sum(check.outcome == "failed" for check in checks)
    passed = sum(check.outcome == "passed" for check in checks)
    left = len(checks) - failed - passed
    parts = [f"{passed} passed", f"{failed} to fix" if failed else "", f"{left} to come" if left else ""]
    return ", ".join(filter(None, parts))
