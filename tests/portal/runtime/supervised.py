"""A supervisor for the tests to kill: ``supervised.py FOLDER SOURCE…``."""

import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from portal.runtime.console import Console
from portal.runtime.programs import Program
from portal.runtime.supervisor import Stopped, Supervisor


def main() -> None:
    folder = Path(sys.argv[1])
    mark = (folder / "mark").read_text()
    with Supervisor(folder, Console(folder / "log")) as supervisor, suppress(Stopped):
        supervisor.stop_on_signals()
        for number, source in enumerate(sys.argv[2:]):
            arguments = [sys.executable, "-I", "-S", "-c", source, mark]
            ready = (folder / f"ready-{number}").exists
            supervisor.start(Program(f"child-{number}", arguments, is_ready=ready, folder=folder))
        (folder / "ready").touch()
        supervisor.watch()


if __name__ == "__main__":
    main()
