"""One world for all: the portal's rows and signer, a gateway, agents with OpenSSH's sshd, people."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings

from enclaves import tasks
from tests.access.portal import RealPortal
from tests.access.world import RealWorld
from tests.emptying import forget_everything
from tests.gateway.conftest import WHY_NOT, _marks


@pytest.fixture
def _django_db_helper():
    """Keep what was committed: pytest-django would empty the tables after each test."""


@pytest.fixture(scope="package")
def portal(django_db_setup, django_db_blocker):
    """Committed, so that the signer's threads see it; nothing of it is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="enclave-access-"))
    folder.chmod(0o711)
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.look, "apply_async", lambda *args, **options: None)
        try:
            with closing(RealPortal(folder)) as made:
                made.start()
                with override_settings(SIGNER_URL=f"http://127.0.0.1:{made.port}"):
                    yield made
        finally:
            connections["system"].close()
            forget_everything()
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def world(portal):
    """A gateway, and an agent on each host of both tenants."""
    if WHY_NOT:
        pytest.skip(f"NO REAL SSHD WAS TRIED: {WHY_NOT}")
    made = RealWorld(portal.folder, portal)
    try:
        made.begin()
        yield made
    finally:
        made.close()


@pytest.fixture
def mark():
    """A number that is in the command lines of this test's processes on hosts, and in no others."""
    return f"5{next(_marks):09d}"
