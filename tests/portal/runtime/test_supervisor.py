import os
import signal

import pytest

from portal.runtime.lock import AlreadyRunning
from portal.runtime.supervisor import StartFailed, Stopped, Supervisor
from tests.portal.runtime.watching import children, living, wait_until

READY = "import pathlib, sys, time; pathlib.Path('ready-{0}').touch(); "
SLEEPS = READY + "time.sleep(60)"
SHRUGS = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPS
HAS_CHILDREN = (
    "import signal, subprocess; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(60)', sys.argv[1]]); "
)
NOTES_ITS_END = (
    "import signal, pathlib, sys; "
    "signal.signal(signal.SIGTERM, lambda *_: (open('ends', 'a').write('{0} '), sys.exit())); " + SLEEPS
)


def test_a_program_counts_as_started_when_it_is_ready(supervisor, program, tmp_path):
    source = "import time, pathlib; time.sleep(.3); pathlib.Path('up').touch(); time.sleep(60)"

    supervisor.start(program(source, folder=tmp_path, is_ready=(tmp_path / "up").exists))

    assert (tmp_path / "up").exists()


def test_a_program_that_ends_while_it_starts_is_told_with_its_last_words(supervisor, program):
    failing = program(
        "print('no disk left'); raise SystemExit(3)", "postgres", is_ready=lambda: False, is_shown=False
    )

    with pytest.raises(StartFailed, match=r"postgres ended with 3\.\nno disk left"):
        supervisor.start(failing)


def test_a_program_that_never_becomes_ready_is_told(supervisor, program):
    slow = program("import time; time.sleep(60)", is_ready=lambda: False, ready_seconds=0.2)

    with pytest.raises(StartFailed, match="child is not ready after"):
        supervisor.start(slow)


def test_a_job_is_run_to_its_end(supervisor, program, tmp_path):
    supervisor.run(program("import pathlib; pathlib.Path('done').touch()", folder=tmp_path))

    assert (tmp_path / "done").exists()


def test_a_job_that_fails_is_told(supervisor, program):
    with pytest.raises(StartFailed, match=r"migrate ended with 1\.\nno such table"):
        supervisor.run(program("raise SystemExit('no such table')", "migrate", is_shown=False))


def test_a_job_does_not_wait_for_what_died_while_it_started(supervisor, program):
    supervisor.begin(program("raise SystemExit('no such setting')", "signer", is_shown=False))

    with pytest.raises(StartFailed, match=r"signer ended with 1\.\nno such setting"):
        supervisor.run(program("import time; time.sleep(60)"))


def test_what_died_is_started_again(supervisor, program, mark):
    supervisor.start(program("import time; time.sleep(60)"))
    (first,) = living(mark)

    os.kill(first, signal.SIGKILL)
    supervisor.watch(until=lambda: living(mark) not in ([], [first]))

    assert len(living(mark)) == 1


def test_what_keeps_dying_is_started_again_ever_more_slowly(supervisor, program, terminal):
    supervisor.start(program("raise SystemExit(1)"))

    supervisor.watch(until=lambda: "in 0.8 s" in terminal.getvalue())

    told = [line.split("again in ")[1][:5] for line in terminal.getvalue().splitlines() if "again" in line]
    assert told == ["0.2 s", "0.4 s", "0.8 s"]


def test_the_grandchildren_of_what_died_die_before_it_is_started_again(supervisor, program, mark):
    source = "import subprocess, sys, time; " + HAS_CHILDREN + "time.sleep(60)"
    supervisor.start(program(source))
    assert wait_until(lambda: len(living(mark)) == 2)
    before = living(mark)

    os.kill(min(before), signal.SIGKILL)
    supervisor.watch(until=lambda: len(set(living(mark)) - set(before)) == 2)

    assert set(living(mark)) & set(before) == set()


def test_programs_end_in_reverse_order(supervised, tmp_path):
    process = supervised(NOTES_ITS_END.format(0), NOTES_ITS_END.format(1), NOTES_ITS_END.format(2))

    process.terminate()

    assert process.wait(30) == 0
    assert (tmp_path / "ends").read_text() == "2 1 0 "


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_cleanly(supervised, mark, number):
    process = supervised(SLEEPS.format(0), SLEEPS.format(1))

    process.send_signal(number)

    assert process.wait(30) == 0
    assert living(mark) == []


def test_a_signal_during_the_start_ends_what_had_started(supervisor, program, mark):
    supervisor.start(program("import time; time.sleep(60)"))
    supervisor._ask_to_stop(signal.SIGTERM, None)

    with pytest.raises(Stopped):
        supervisor.start(program("import time; time.sleep(60)", is_ready=lambda: False))
    supervisor.stop()

    assert living(mark) == []


def test_a_program_that_ignores_the_signal_is_killed(supervisor, program, mark, terminal, tmp_path):
    source = SHRUGS.format(0)
    supervisor.start(
        program(source, folder=tmp_path, is_ready=(tmp_path / "ready-0").exists, stop_seconds=0.2)
    )

    supervisor.stop()

    assert living(mark) == []
    assert "child did not end by itself and was killed" in terminal.getvalue()


def test_nothing_outlives_a_supervisor_that_was_killed(supervised, mark):
    process = supervised(SLEEPS.format(0), "import sys, time; " + HAS_CHILDREN + SLEEPS.format(1))
    assert len(living(mark)) == 3

    process.kill()

    assert wait_until(lambda: living(mark) == [])


def test_the_kernel_ends_the_programs_even_if_the_keeper_was_killed_too(supervised, mark, tmp_path):
    process = supervised(SLEEPS.format(0), SLEEPS.format(1))
    (keeper,) = children(process.pid, "keeper.py")

    os.kill(keeper, signal.SIGKILL)
    process.kill()

    assert wait_until(lambda: living(mark) == [])


def test_a_killed_supervisor_can_be_started_again_at_once(supervised, mark):
    first = supervised(SLEEPS.format(0), SHRUGS.format(1))
    before = living(mark)
    first.kill()
    first.wait()

    supervised(SLEEPS.format(0))

    assert len(living(mark)) == 1
    assert set(living(mark)) & set(before) == set()


def test_two_supervisors_never_share_a_folder(supervisor, tmp_path):
    with pytest.raises(AlreadyRunning, match=f"as process {os.getpid()}"), Supervisor(tmp_path, None):
        pass


def test_a_folder_is_free_again_after_the_end(supervisor, tmp_path, terminal):
    supervisor.stop()

    with Supervisor(tmp_path, None):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_folder_can_be_removed_with_its_supervisor(tmp_path):
    state = tmp_path / "state"
    with Supervisor(state, None, removes=[state]):
        (state / "file").touch()

    assert not state.exists()


def test_what_ends_by_itself_when_asked_is_not_killed(supervisor, program):
    (child,) = supervisor.begin(program("import time; time.sleep(60)"))

    supervisor.stop()

    assert child.code == -signal.SIGTERM
