"""As whom a server runs that refuses to be root, and as whom people get onto the demo's hosts."""

import grp
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.runtime import launch

_ACCOUNTS = ("portal-pg", "postgres", "nobody")
_SSHD = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd", "/usr/bin/sshd")
_LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}")  # what a grant may name, see enclaves.signing.grants
_SHADOW = Path("/etc/shadow")


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


@dataclass(frozen=True)
class Login:
    """An account of this machine, and the sshd that lets people in as it; empty for a stand-in."""

    name: str
    sshd: str


_STAND_IN = Login("enclave", "")


def login() -> Login:
    """How people get onto this machine: as whoever runs the demo, by OpenSSH's server where it can."""
    sshd = next(filter(None, map(shutil.which, _SSHD)), "")
    try:
        account = pwd.getpwuid(os.geteuid())
    except KeyError:  # in some containers nobody has a name
        return _STAND_IN
    if sshd and _LOGIN.fullmatch(account.pw_name) and not _is_locked(account) and _may_have_terminal(account):
        return Login(account.pw_name, sshd)
    return _STAND_IN


def _is_locked(account: pwd.struct_passwd) -> bool:
    """Does its password begin with an exclamation mark? sshd then lets nobody in as it.

    Who may not read that is not root, and neither can the sshd that they start.
    """
    try:
        lines = _SHADOW.read_text().splitlines()
    except OSError:
        return False
    return any(line.startswith(f"{account.pw_name}:!") for line in lines)


def _may_have_terminal(account: pwd.struct_passwd) -> bool:
    """Can sshd give it a terminal? That must belong to a group of its own, and only root could change it."""
    if account.pw_uid == 0:
        return True
    try:
        wanted = grp.getgrnam("tty").gr_gid
    except KeyError:
        wanted = account.pw_gid
    ours, theirs = os.openpty()
    try:
        return os.fstat(theirs).st_gid == wanted
    finally:
        os.close(ours)
        os.close(theirs)
