import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def refuse_unsafe_worker(**kwargs: Any) -> None:
    """End a worker before it works that could not sign, or whose secret is no secret."""
    from portal.process_checks import worker_settings  # noqa: PLC0415 -- reads the settings, which name us

    errors = worker_settings()
    if errors:
        # Celery logs what a receiver raises and goes on; only this ends the process.
        raise SystemExit("\n".join(map(str, errors)))
