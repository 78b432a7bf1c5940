"""Workers that can be killed: real processes that do what is due, made quickly by one that is ready to fork.

Run as a program this is that process: for each line that it reads it forks a worker, says its process id,
and when the worker is over the number of the signal that ended it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[2]
_CLOUD_SETTINGS = (
    "AWS_ENDPOINT_URL", "AWS_PRINCIPAL_ARN",
    "ISSUER_URL", "AZURE_AUTHORITY_URL", "AZURE_ARM_URL", "AZURE_CA_FILE", "AZURE_IMAGE_GALLERY",
)  # fmt: skip

# What a worker has whose hosts have gateways. The others make hosts that are told nothing.
WITH_GATEWAYS = {
    "PORTAL_GATEWAY_URLS": "wss://gateway.example.com:8443",
    "PORTAL_AGENT_SHA256": "ab" * 32,
    "PORTAL_SSH_SECRET": "h" * 50,
}


class Workers:
    """The place where workers come from; as in production they are bound by row-level security."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.baddays.mortal"],
                cwd=ROOT,
                env={**os.environ, **worker_environment(), **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._answer() == "ready", log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(self) -> int:
        """Start a worker, and return its process id, which is also that of its group."""
        self._process.stdin.write("another\n")
        self._process.stdin.flush()
        return int(self._answer())

    def wait(self) -> int:
        """Wait until the worker that was started last is over; return the signal that killed it, or 0."""
        return int(self._answer())

    def _answer(self) -> str:
        return self._process.stdout.readline().strip()


def worker_environment() -> dict[str, str]:
    """What a worker must know to find the database and the cloud of this test."""
    database = connections["default"].settings_dict["NAME"]
    urls = {name: _at(os.environ[name], database) for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL")}
    return {
        **urls,
        "PORTAL_DATABASE_ROLE": "app",
        **{f"PORTAL_{name}": getattr(settings, name) for name in _CLOUD_SETTINGS},
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def serve() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    from enclaves.provisioning import worker

    _read_descriptions()
    _tell("ready")
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            _live(worker)
        _tell(str(child))
        _, status = os.waitpid(child, 0)
        _tell(str(os.waitstatus_to_exitcode(status)).removeprefix("-"))


def _read_descriptions() -> None:
    """Know the clouds' services before the first worker is born, as one that has worked for a while does."""
    from enclaves.providers.aws.sessions import _new_session
    from enclaves.providers.azure import arm  # noqa: F401 -- loads the SDK

    session = _new_session(aws_access_key_id="none", aws_secret_access_key="none")
    for service in ("ec2", "iam", "kms", "s3", "sts"):
        session.client(service, region_name="us-east-1")


def _live(worker) -> None:
    """Do what is due, and end without a word: a worker that has nothing to do would only sleep."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    worker.run_due()
    os._exit(0)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
