import time
from collections.abc import Callable
from pathlib import Path


def wait_until(condition: Callable[[], object], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


def living(mark: str) -> list[int]:
    """The processes that have the mark among their arguments, zombies excluded."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _lives_with(folder, mark)]


def _lives_with(folder: Path, mark: str) -> bool:
    try:
        return mark.encode() in (folder / "cmdline").read_bytes()
    except OSError:
        return False


def children(parent: int, mark: str) -> list[int]:
    """The living children of a process that have the mark among their arguments."""
    ours = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [process for process in living(mark) if str(process) in ours]
