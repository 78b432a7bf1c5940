"""Celery's way in. A message only says "look now": what there is to do stands in the rows."""

from celery import shared_task

from tenants import letters
from tenants.notifications import forget
from tenants.services import token_news


@shared_task  # type: ignore[untyped-decorator]  # Celery has no types
def post() -> None:
    letters.deliver_due()


@shared_task  # type: ignore[untyped-decorator]  # Celery has no types
def tidy() -> None:
    token_news.watch_tokens()
    forget()
