"""Become what a program must be, then turn into it: ``launch.py PARENT SIGNAL BECOME -- ARGUMENTS``.

A script of its own rather than a preexec function: the supervisor has threads, and code between fork and
exec of a threaded process may deadlock. It imports nothing of the project and starts in 20 ms.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_LIBC = ctypes.CDLL(None, use_errno=True)

MYSELF = "myself"
MAPPED = "mapped"


def main() -> None:
    parent, death_signal, become, _, *arguments = sys.argv[1:]
    _become(become)
    # After the change of user, because a change of credentials clears it.
    end_with_parent(int(death_signal))
    if os.getppid() != int(parent):  # it died before the line above
        sys.exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvp(arguments[0], arguments)  # noqa: S606 -- there is no shell on purpose


def end_with_parent(death_signal: int = signal.SIGTERM) -> None:
    """Have the kernel send this process a signal when the thread that started it is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)


def command(
    arguments: Sequence[str], *, become: str = MYSELF, death_signal: int = signal.SIGKILL
) -> list[str]:
    """The command line that starts a program as a child of this process which cannot outlive it."""
    # -I and -S: neither the user's environment nor installed packages take part.
    how = [str(os.getpid()), str(int(death_signal)), become]
    return [sys.executable, "-I", "-S", __file__, *how, "--", *arguments]


def _become(become: str) -> None:
    if become == MAPPED:
        enter_user_namespace()
    elif become != MYSELF:
        _become_account(pwd.getpwnam(become))


def enter_user_namespace() -> None:
    """Be user 1000 in one's own eyes and the same user as before on disk; raises OSError if refused."""
    user, group = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {user} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {group} 1")


def _become_account(account: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


if __name__ == "__main__":
    main()
