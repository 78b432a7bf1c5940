from functools import partial
from uuid import UUID

from django.db import transaction

from enclaves import tasks
from enclaves.models import Work
from enclaves.provisioning import work


def ask(tenant_id: UUID, kind: Work.Kind, subject: UUID) -> None:
    """Make work due as part of this transaction, and wake a worker once it is committed.

    The message may get lost; the sweep finds the row.
    """
    work.ask(tenant_id, kind, subject, urgent=True)
    transaction.on_commit(partial(tasks.wake_worker, urgent=True), robust=True)
