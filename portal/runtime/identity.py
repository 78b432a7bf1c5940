"""As whom a server runs that refuses to be root."""

import os
import pwd
import subprocess
from functools import cache

from portal.runtime import launch

_ACCOUNTS = ("portal-pg", "postgres", "nobody")


@cache
def unprivileged() -> str:
    """How to become nobody special: as oneself, in a user namespace, or as an account of the machine.

    The namespace comes first because it also works inside a home that only root may enter, and changes no
    owner on disk. Containers often forbid it; the account then needs files that it can reach.
    """
    if os.geteuid() != 0:
        return launch.MYSELF
    if _namespaces_work():
        return launch.MAPPED
    return next(name for name in _ACCOUNTS if _exists(name))


def _namespaces_work() -> bool:
    attempt = launch.command(["true"], become=launch.MAPPED)
    return subprocess.run(attempt, capture_output=True, check=False).returncode == 0  # noqa: S603 -- our own


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def is_account(become: str) -> bool:
    return become not in (launch.MYSELF, launch.MAPPED)
