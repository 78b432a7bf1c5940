"""Workers that send letters, as processes of their own: they can be killed.

They are forked by a process that has loaded Django once, which takes longer than all that they do.
"""

import multiprocessing
import os
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from unittest.mock import patch

from tests.baddays.mortal import worker_environment

_forking = multiprocessing.get_context("forkserver")


def start(port: int) -> BaseProcess:
    """Start one that talks to the mail server at this port; it ends when it has sent all."""
    # Each child would load what its parent was started as, which may be pytest.
    _forking.set_forkserver_preload([__name__, "tests.tenants.letters.sending", "pytest"])
    with patch.dict(os.environ, worker_environment()):
        forkserver.ensure_running()
    process = _forking.Process(target=_send, args=(port,))
    process.start()
    return process


def ended(process: BaseProcess, seconds: float) -> int | None:
    """What it ended with; None if it did not in time."""
    process.join(seconds)
    return process.exitcode


def _send(port: int) -> None:
    from tests.tenants.letters.sending import send  # what loads Django anew must not be loaded here

    send(port)
