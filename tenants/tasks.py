"""Celery's way in. A message only says "look now": what there is to do stands in the rows."""

from celery import shared_task

from tenants import letters


@shared_task  # type: ignore[untyped-decorator]  # Celery has no types
def post() -> None:
    letters.deliver_due()
