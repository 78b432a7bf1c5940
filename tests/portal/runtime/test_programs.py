import sys

from portal.runtime import launch
from portal.runtime.programs import Child, Program


def test_the_environment_is_added_to_and_taken_from(monkeypatch):
    monkeypatch.setenv("KEPT", "kept")
    monkeypatch.setenv("REMOVED", "secret")
    source = "import os; print(*(os.environ.get(name) for name in ('KEPT', 'ADDED', 'REMOVED')))"
    environment = {"ADDED": "added", "REMOVED": None}

    child = Child(Program("child", [sys.executable, "-c", source], environment))

    with child.output as output:
        assert (output.read(), child.code) == (b"kept added None\n", 0)


def test_a_child_whose_parent_is_already_gone_does_not_start():
    command = launch.command([sys.executable, "-c", "print('started')"])
    command[command.index("--") - 3] = "1"

    child = Child(Program("child", command))

    with child.output as output:
        assert (output.read(), child.code) == (b"", 1)


def test_a_program_leads_a_group_of_its_own():
    child = Child(Program("child", [sys.executable, "-c", "import os; print(os.getpgid(0) == os.getpid())"]))

    with child.output as output:
        assert (output.read(), child.code) == (b"True\n", 0)
