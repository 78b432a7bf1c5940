"""Celery's way in. A message only says "look now": what there is to do stands in the rows."""

from celery import shared_task

from enclaves.provisioning import sweeping, worker

PERSON, REST = "person", "rest"  # the queues: what somebody waits for, and everything else


@shared_task  # type: ignore[untyped-decorator]  # Celery has no types
def look(urgent: bool = False) -> None:
    worker.run_due(urgent_only=urgent)


@shared_task  # type: ignore[untyped-decorator]  # Celery has no types
def sweep() -> None:
    for _ in range(sweeping.sweep()):
        wake_worker()


def wake_worker(*, urgent: bool = False) -> None:
    """Send the nudge; a broker that is down loses nothing but some seconds."""
    queue = PERSON if urgent else REST
    look.apply_async(kwargs={"urgent": urgent}, queue=queue, expires=60, retry=False)
