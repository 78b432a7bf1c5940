"""What staff look at: a fleet of two tenants, see tests/enclaves/fleet.py; and one of them at the API."""

from typing import Any

import pytest
from django.test import Client

from tenants.policy import StaffRole
from tests.enclaves.fleet import fleet, furnish, host_of, looks

__all__ = ["fleet", "furnish", "host_of", "looks"]


class Session:
    """Calls the API of staff with a browser's session; each answer must be what the document promises."""

    def __init__(self, client: Client, contract: Any) -> None:
        self._client, self._contract = client, contract

    def get(self, path: str):
        return self._judged("GET", path.partition("?")[0], self._client.get(f"/api/v1/staff/{path}"))

    def post(self, path: str, body: Any, **options: Any):
        return self._sent("post", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any):
        return self._sent("patch", path, body, **options)

    def delete(self, path: str, **options: Any):
        return self._judged("DELETE", path, self._client.delete(f"/api/v1/staff/{path}", **options))

    def _sent(self, method: str, path: str, body: Any, **options: Any):
        send = getattr(self._client, method)
        answer = send(f"/api/v1/staff/{path}", body, content_type="application/json", **options)
        return self._judged(method.upper(), path, answer)

    def _judged(self, method: str, path: str, answer):
        assert self._contract.faults(method, f"/api/v1/staff/{path}", answer) == []
        return answer


@pytest.fixture
def session(staff_browser, contract):
    """Make one of the staff who calls the API: ``session(StaffRole.SUPPORT)``."""

    def make(role: StaffRole = StaffRole.SUPPORT) -> Session:
        return Session(staff_browser(role), contract)

    return make
