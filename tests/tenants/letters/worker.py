"""A worker that sends letters, as a process of its own: it can be killed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.baddays.mortal import worker_environment

ROOT = Path(__file__).resolve().parents[3]


def start(port: int) -> subprocess.Popen[bytes]:
    """Start one that talks to the mail server at this port; it ends when it has sent all."""
    return subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "tests.tenants.letters.worker", str(port)],
        cwd=ROOT,
        env={**os.environ, **worker_environment()},
    )


def main(port: int) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    from django.conf import settings

    options = {"host": "127.0.0.1", "port": port, "timeout": 20}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    django.setup()
    from tenants import letters

    letters.deliver_due()


if __name__ == "__main__":
    main(int(sys.argv[1]))
