"""What a worker does that sends letters. It takes its settings from the environment, not from the tests."""

import os

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()


def send(port: int) -> None:
    """Send all that is due to the mail server at this port."""
    from tenants import letters  # has models, which need what was just set up

    options = {"host": "127.0.0.1", "port": port, "timeout": 60}
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    letters.deliver_due()
