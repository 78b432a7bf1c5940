"""One supervisor per state folder, also across crashes."""

import fcntl
import os
import time
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor holds the folder."""


class FolderLock:
    """An advisory lock that the kernel drops when the last process holding it is gone.

    The keeper inherits it, so a folder is free only when everything that ran in it has ended.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        self.descriptor = -1

    def take(self, *, patience: float = 0) -> None:
        """Take the folder. A dead holder whose children still end is given that many seconds."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while not self._try():
            holder = self._holder()
            if _lives(holder) or time.monotonic() > deadline:
                os.close(self.descriptor)
                raise AlreadyRunning(f"Already running here, as process {holder}: {self.path.parent}")
            time.sleep(0.1)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int:
        return int(os.pread(self.descriptor, 20, 0) or b"0")

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
