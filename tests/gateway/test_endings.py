"""The end of access. What counts is what lives on the host, not what the client says."""

import os
import signal
import time

import pytest

from tests.gateway.world import eventually, processes


def test_a_revocation_ends_the_session_and_all_its_processes_at_once(person, world, mark):
    with person.staying(mark) as client:
        world.end(person.grant)
        eventually(lambda: not processes(mark))
        assert client.wait(20) == 255
        assert "This access was revoked." in client.stderr.read()

    assert _closing(world, person)["reason"] == "revoked"


def test_the_portal_is_told_that_nothing_is_left(person, world, host, mark):
    with person.staying(mark):
        world.end(person.grant)
        eventually(lambda: world.portal.verified[person.grant].get(host.id) == 0)
        assert not processes(mark)

    assert _closing(world, person)["left"] == 0


def test_a_freeze_ends_the_session_and_says_so(person, world, mark):
    with person.staying(mark) as client:
        world.end(person.grant, "frozen")
        eventually(lambda: not processes(mark))
        assert client.wait(20) == 255
        assert "frozen" in client.stderr.read()


def test_a_revocation_that_nobody_announced_is_found_by_asking(person, world, mark):
    with person.staying(mark):
        world.portal.end(person.grant)
        eventually(lambda: not processes(mark))


def test_a_grant_that_ends_while_a_session_begins_lets_nobody_in(world, person, mark, monkeypatch):
    """Its end is told before there is anything to end, and would not be told again."""
    authorize = world.portal._authorize

    def answers_too_late(body):
        allowed = authorize(body)
        world.portal.grants[person.grant].state = "revoked"
        return allowed

    monkeypatch.setattr(world.portal, "_authorize", answers_too_late)
    refused = person.ssh(f"echo in; sleep {mark}")

    assert (refused.stdout, "This access was revoked." in refused.stderr) == ("", True)
    assert not processes(mark)


def test_the_end_of_the_time_ends_everything(world, gateway, host, agent, mark):
    person = world.person(world.portal.grant([host], "enclave", lasts=8), gateway)
    with person.staying(mark) as client:
        eventually(lambda: not processes(mark))
        assert time.time() >= _end_of(world, person) - 0.05
        assert client.wait(20) == 255

    assert _closing(world, person)["reason"] == "expired"


def test_a_person_who_hangs_up_leaves_nothing_behind(person, world, mark):
    with person.staying(mark) as client:
        client.kill()
        eventually(lambda: not processes(mark))

    assert _closing(world, person)["reason"] == "left"


def test_a_program_that_ends_leaves_nothing_behind(person, world, mark):
    done = person.ssh(f"setsid nohup sleep {mark} >/dev/null 2>&1 </dev/null & echo in")

    assert done.stdout == "in\n"
    eventually(lambda: _closing(world, person))
    assert not processes(mark)


def test_what_was_left_to_cron_or_the_like_ends_with_the_last_session(person, world, host, mark):
    """A process of the login that is in no cage, as cron or at would start it."""
    with person.staying(mark):
        stray = _start_as(world.uid(host), f"{mark}9")
        world.end(person.grant)
        eventually(lambda: not processes(mark))

    assert os.waitpid(stray, 0)[1] == signal.SIGKILL


def test_the_end_of_one_grant_does_not_cut_another(world, gateway, host, agent, person, mark):
    other = world.person(world.portal.grant([host], "enclave"), gateway)
    with person.staying(mark) as staying:
        before = processes(mark)
        with other.staying(f"{mark}8"):
            world.end(other.grant)
            eventually(lambda: not processes(f"{mark}8"))
            eventually(lambda: world.portal.verified[other.grant].get(host.id) == 0)

        assert processes(mark) == before
        assert staying.poll() is None


def test_after_a_revocation_a_shared_connection_opens_nothing(person, world):
    shared = [
        "-o",
        f"ControlPath={world.folder}/ended-%h",
        "-o",
        "ControlMaster=auto",
        "-o",
        "ControlPersist=30",
    ]
    assert person.ssh("echo 1", flags=shared).stdout == "1\n"

    world.end(person.grant)

    again = person.ssh("echo 2", flags=shared)
    assert again.stdout == ""
    assert again.returncode != 0


@pytest.mark.parametrize("program", ["agent", "gateway"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_survives_the_end_of_a_program_between(own_world, mark, program, how):
    gateway, _, agent, person = _own(own_world)
    with person.staying(mark) as client:
        {"agent": agent, "gateway": gateway.running}[program].kill(how)
        eventually(lambda: not processes(mark))
        assert client.wait(20) == 255


def test_an_agent_that_is_stopped_does_not_stop_the_end(own_world, mark):
    _, _, agent, person = _own(own_world, lasts=10)
    with person.staying(mark):
        agent.kill(signal.SIGSTOP)
        eventually(lambda: not processes(mark))
        assert time.time() >= _end_of(own_world, person) - 0.05


def test_a_gateway_that_hangs_does_not_stop_the_end(own_world, mark):
    gateway, _, _, person = _own(own_world, lasts=10)
    with person.staying(mark):
        gateway.running.kill(signal.SIGSTOP)
        eventually(lambda: not processes(mark))


def test_without_a_portal_nothing_new_begins_and_what_runs_ends_by_its_own_clock(own_world, mark):
    _, _, _, person = _own(own_world, lasts=12)
    with person.staying(mark):
        own_world.portal.stop()

        new = person.ssh("true")
        assert new.returncode == 255
        assert "The portal cannot be reached" in new.stderr
        assert processes(mark)

        eventually(lambda: not processes(mark))
    own_world.portal.start()
    assert _closing(own_world, person)["reason"] == "expired"


def test_a_revocation_while_the_agent_was_away_is_verified_later(own_world, mark):
    """The row is the truth: a host that was away when its grant ended is looked at when it is back."""
    gateway, host, agent, person = _own(own_world)
    agent.kill()

    own_world.portal.end(person.grant)
    time.sleep(0.5)
    assert host.id not in own_world.portal.verified[person.grant]

    own_world.agent(host, gateway)
    eventually(lambda: own_world.portal.verified[person.grant].get(host.id) == 0)


def test_without_redis_sessions_begin_and_revocations_come_by_asking(own_world, mark):
    gateway = own_world.gateway(REDIS_URL="redis://127.0.0.1:9")
    host = own_world.portal.host("acme", "web-1")
    own_world.agent(host, gateway)
    person = own_world.person(own_world.portal.grant([host], "enclave"), gateway)
    with person.staying(mark):
        own_world.portal.end(person.grant)
        eventually(lambda: not processes(mark))
        eventually(lambda: own_world.portal.verified[person.grant].get(host.id) == 0)


def test_an_agent_clears_what_one_before_it_left(own_world, mark):
    """Also where nobody ended it: the keepers were killed with the agent, as for want of memory."""
    gateway, host, _, person = _own(own_world)
    with person.staying(mark):
        ours = processes(str(own_world.folder / "agent-web-1.json"))
        for pid in ours:
            os.kill(pid, signal.SIGSTOP)
        for pid in ours:
            os.kill(pid, signal.SIGKILL)
        assert processes(f"{mark}1")

        own_world.start_agent(host, gateway)
        eventually(lambda: not processes(mark))


def test_what_a_killed_gateway_had_recorded_is_delivered_by_the_next(own_world, mark):
    gateway, _, _, person = _own(own_world)
    with person.staying(mark):
        own_world.portal.stop()
        gateway.running.kill()
    own_world.portal.start()

    own_world.start_gateway("gateway", gateway.ssh_port, gateway.agent_port)

    closing = _closing(own_world, person)
    assert (closing["reason"], closing["left"]) == ("gateway lost", None)
    (told,) = own_world.portal.sessions_of(person.grant)
    assert told.said("o") == "in\n"
    assert closing["size"] == len(told.text)


def _own(world, lasts=600):
    """A gateway, a host with its agent and a person, whom a test may break."""
    gateway = world.gateway()
    host = world.portal.host("acme", "web-1")
    agent = world.agent(host, gateway)
    return gateway, host, agent, world.person(world.portal.grant([host], "enclave", lasts=lasts), gateway)


def _end_of(world, person):
    return world.portal.grants[person.grant].signed.not_after.timestamp()


def _closing(world, person):
    (told,) = eventually(lambda: [one for one in world.portal.sessions_of(person.grant) if one.closing])
    return told.closing


def _start_as(uid, seconds):
    pid = os.fork()
    if not pid:
        os.setsid()
        os.setgid(uid)
        os.setuid(uid)
        os.execv("/bin/sleep", ["sleep", seconds])
    return pid
