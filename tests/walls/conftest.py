"""One world for each walk: made once, every request is undone, and nothing of it is left behind."""

from collections.abc import Iterator

import pytest
from django.db import connections

from enclaves import tasks
from enclaves.provisioning import clouds, reconcile, verify
from tests.emptying import forget_everything
from tests.enclaves.fakes import FakeCloud
from tests.walls.world import World


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """Committed, so that also the second connection to the database sees it."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.look, "apply_async", lambda *args, **options: None)
        known: dict[str, FakeCloud] = {}
        for module in (clouds, verify, reconcile):
            patch.setattr(module, "provider_for", lambda account: known.setdefault(str(account), FakeCloud()))
        try:
            yield World()
        finally:
            connections["system"].close()
            forget_everything()
