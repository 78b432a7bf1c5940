"""What a person can do through the gateway, with OpenSSH's own programs on both ends."""

import contextlib
import fcntl
import hashlib
import os
import pty
import subprocess
import termios
import time
from pathlib import Path
from struct import pack

from agent.cages import descendants
from tests.gateway.world import eventually


def test_a_command_runs_on_the_host_as_the_login_of_the_grant(person):
    done = person.ssh("echo hello; id -un")

    assert (done.stdout, done.returncode) == ("hello\nenclave\n", 0)


def test_the_exit_status_and_both_outputs_pass(person):
    done = person.ssh("echo out; echo err >&2; exit 7")

    assert (done.stdout, done.returncode) == ("out\n", 7)
    assert "err\n" in done.stderr


def test_a_command_that_a_signal_ends_is_told_as_such(person):
    done = person.ssh("kill -TERM $$")

    assert done.returncode in {255, 128 + 15}


def test_input_and_its_end_pass(person):
    assert person.ssh("wc -c", input="x" * 300_000).stdout.strip() == "300000"


def test_much_output_passes_whole(person):
    done = person.ssh("head -c 3000000 /dev/zero | tr '\\0' 'a'")

    assert done.stdout == "a" * 3_000_000


def test_a_terminal_is_greeted_and_resized(person, world):
    primary, secondary = pty.openpty()
    _set_size(secondary, 24, 80)
    command = ["ssh", *person.options(), "-tt", person.at()]
    with subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=subprocess.PIPE) as client:
        os.write(primary, b"stty size; echo begun\n")
        _read_until(primary, b"24 80")
        _set_size(secondary, 40, 100)
        client.send_signal(28)
        time.sleep(0.3)
        os.write(primary, b"stty size; exit\n")
        _read_until(primary, b"40 100")
        assert client.wait(20) == 0
        greeting = client.stderr.read().decode()
    os.close(primary)
    os.close(secondary)

    assert "acme · web-1" in greeting
    assert "this session is recorded" in greeting
    told = _closed(world, person)
    assert "100x40" in [line[2] for line in told.lines()[1:] if line[1] == "r"]
    assert told.lines()[0]["terminal"]


def test_sessions_of_one_connection_are_asked_for_one_by_one(person, world):
    shared = [
        "-o",
        f"ControlPath={world.folder}/shared-%h",
        "-o",
        "ControlMaster=auto",
        "-o",
        "ControlPersist=30",
    ]
    try:
        first = person.ssh("echo 1", flags=shared)
        second = person.ssh("echo 2", flags=shared)
    finally:
        person.ssh(flags=[*shared, "-O", "exit"])

    assert (first.stdout, second.stdout) == ("1\n", "2\n")
    assert len(world.portal.sessions_of(person.grant)) == 2


def test_a_grant_with_several_hosts_needs_the_name_of_one(world, gateway, host, agent):
    other = world.portal.host("acme", "web-2")
    world.agent(other, gateway)
    person = world.person(world.portal.grant([host, other], "enclave"), gateway)

    unnamed = person.ssh("true")
    named = person.ssh("echo $HOME", host="web-2")

    assert unnamed.returncode == 1
    assert "web-1, web-2" in unnamed.stderr
    assert named.stdout.strip() == str(world.home(other))


def test_sftp_up_and_down_and_what_else_it_does_is_recorded(person, world):
    content = os.urandom(300_000)
    (world.folder / "up").write_bytes(content)
    script = "put up there\nget there back\nrename there here\nmkdir d\nrmdir d\nrm here\n"

    done = person.copy("sftp", "-b", "-", person.at(), input=script, cwd=world.folder)

    assert done.returncode == 0, done.stderr
    assert (world.folder / "back").read_bytes() == content
    told = _closed(world, person)
    digest = hashlib.sha256(content).hexdigest()
    home = world.home(world.portal.grants[person.grant].hosts[0])
    moved = [file for file in told.files() if file["action"] in ("upload", "download")]
    assert [(file["action"], file["size"], file["sha256"]) for file in moved] == [
        ("upload", 300_000, digest),
        ("download", 300_000, digest),
    ]
    other = [file["action"] for file in told.files() if file not in moved]
    assert [one for one in other if one != "change attributes of"] == [
        "rename",
        "make folder",
        "remove folder",
        "remove",
    ]
    assert moved[0]["path"] == f"{home}/there"


def test_scp_in_its_old_and_new_protocol_is_recorded(person, world):
    content = os.urandom(100_000)
    (world.folder / "up").write_bytes(content)

    for flags in ((), ("-O",)):
        up = person.copy("scp", *flags, str(world.folder / "up"), f"{person.at()}:there")
        down = person.copy("scp", *flags, f"{person.at()}:there", str(world.folder / "back"))
        assert (up.returncode, down.returncode) == (0, 0), up.stderr + down.stderr
        assert (world.folder / "back").read_bytes() == content

    eventually(lambda: len([one for one in world.portal.sessions_of(person.grant) if one.closing]) == 4)
    files = [file for told in world.portal.sessions_of(person.grant) for file in told.files()]
    moved = [file for file in files if file["action"] in ("upload", "download")]
    digest = hashlib.sha256(content).hexdigest()
    assert [file["action"] for file in moved] == ["upload", "download"] * 2
    assert {(file["size"], file["sha256"]) for file in moved} == {(100_000, digest)}
    assert {file["path"].rpartition("/")[2] for file in moved} <= {"there", "up"}


def test_what_was_said_is_recorded_with_a_hash_over_everything(person, world):
    person.ssh("cat; echo out; echo err >&2", input="typed\n")

    told = _closed(world, person)
    assert told.is_opened
    assert told.said("i") == "typed\n"
    assert "out\n" in told.said("o")
    assert "err\n" in told.said("o")
    assert told.closing["sha256"] == hashlib.sha256(told.text.encode()).hexdigest()
    assert (told.closing["reason"], told.closing["left"]) == ("finished", 0)
    header = told.lines()[0]
    assert (header["version"], header["kind"], header["actor"]) == (2, "command", "sam@vendor.example")
    assert header["session"] in world.portal.sessions


def test_two_sessions_in_which_nothing_was_said_have_different_hashes(person, world):
    person.ssh("true")
    person.ssh("true")

    eventually(lambda: len([one for one in world.portal.sessions_of(person.grant) if one.closing]) == 2)
    hashes = {told.closing["sha256"] for told in world.portal.sessions_of(person.grant)}
    assert len(hashes) == 2


def _closed(world, person):
    """What the portal knows of the person's one session, once it is over."""
    (told,) = eventually(lambda: [one for one in world.portal.sessions_of(person.grant) if one.closing])
    return told


def _set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))


def _read_until(fd, wanted):
    seen = b""
    until = time.monotonic() + 20
    while wanted not in seen:
        assert time.monotonic() < until, seen
        seen += os.read(fd, 4096)


def test_a_host_listens_on_nothing_before_and_while_somebody_is_in(world, agent, person, mark):
    assert not _listening(agent.process.pid)

    with person.staying(mark):
        assert len(descendants(agent.process.pid)) > 3
        assert not _listening(agent.process.pid)
    assert _listening(os.getpid()), "The pretended portal is seen to listen, so that a host would be too."


def _listening(pid):
    """The addresses on which a process or its descendants listen."""
    inodes = set()
    for one in [pid, *descendants(pid)]:
        # What ends meanwhile, or closes a file, listens no more.
        with contextlib.suppress(OSError):
            for entry in Path(f"/proc/{one}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(entry))
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    return [words[1] for words in lines if words[3] == "0A" and f"socket:[{words[9]}]" in inodes]
