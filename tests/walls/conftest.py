"""One database for the whole walk: made once, and every request is undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from enclaves import tasks
from enclaves.provisioning import clouds, reconcile, verify
from tests.enclaves.fakes import FakeCloud
from tests.walls.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("walls"))  # one world for all, so one worker


@pytest.fixture(scope="package")
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
            call_command("flush", verbosity=0, interactive=False)
