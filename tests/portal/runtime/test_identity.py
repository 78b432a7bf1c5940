import os
import pwd

import pytest

from portal.runtime import identity
from portal.runtime.identity import Login

SSHD = "/usr/sbin/sshd"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with OpenSSH's server, and an account that may use it."""
    account = pwd.struct_passwd(("ada", "x", os.geteuid(), os.getegid(), "", "/", "/bin/sh"))
    monkeypatch.setattr(identity.pwd, "getpwuid", lambda uid: account)
    monkeypatch.setattr(identity.shutil, "which", lambda path: path)
    monkeypatch.setattr(identity, "_SHADOW", tmp_path / "shadow")
    monkeypatch.setattr(identity, "_may_have_terminal", lambda account: True)
    (tmp_path / "shadow").write_text("ada:*:19000::::::\n")
    return monkeypatch


def nobody(uid):
    raise KeyError(uid)


def test_people_get_in_as_whoever_runs_the_demo(machine):
    assert identity.login() == Login("ada", SSHD)


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        ("shutil", "which", lambda path: None),
        ("pwd", "getpwuid", nobody),
        ("", "_is_locked", lambda account: True),
        ("", "_may_have_terminal", lambda account: False),
    ],
    ids=["no-sshd", "no-name", "locked", "no-terminal"],
)
def test_a_stand_in_lets_them_in_where_sshd_cannot(machine, where, name, instead):
    machine.setattr(getattr(identity, where) if where else identity, name, instead)

    assert identity.login() == Login("enclave", "")


def test_an_account_is_locked_for_sshd_by_an_exclamation_mark(machine, tmp_path):
    (tmp_path / "shadow").write_text("ada:!:19000::::::\n")

    assert identity.login().sshd == ""
