"""No page and no call of staff shows a thing of a tenant without telling it."""

import re

import pytest

from enclaves.models import CloudAccount, Enclave, Host, Operation
from enclaves.services import access
from tenants import audit
from tenants.policy import StaffRole
from tenants.scope import tenant_scope
from tests.enclaves.asking import HOUR
from tests.tenants.test_staff_gate import ALL

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])

NOUN = re.compile(r"staff/([\w-]+)/")


def permission_of(view):
    api = getattr(view, "view_class", None)
    return api.staff_permissions.get("GET", "") if api else view.permission


LOOKING = sorted(route for route, view in ALL.items() if str(permission_of(view)).endswith(":look"))


@pytest.fixture
def address(fleet, host_of, support):
    """An address to something of acme's."""
    acme, _ = fleet
    with tenant_scope(acme.pk):
        hosts = list(Host.objects.select_related("enclave__account").all())
        asked = access.ask_access(hosts, by=support, tenant=acme, **HOUR)
    account = CloudAccount.objects.using("system").get(tenant=acme).pk
    things = {
        "accounts": account,
        "cloud-accounts": account,
        "enclaves": Enclave.objects.using("system").get(tenant=acme).pk,
        "hosts": host_of(acme).pk,
        "operations": Operation.objects.using("system").filter(tenant=acme).first().pk,
        "tenants": "acme",
        "access": asked.name,
        "access-requests": asked.name,
    }
    return lambda route: "/" + re.sub(r"<[^>]+>", str(things[NOUN.search(route)[1]]), route)


def test_the_walk_finds_pages_and_calls():
    assert {"staff/hosts/", "staff/tenants/<slug:name>/", "api/v1/staff/hosts/<uuid:id>/"} <= set(LOOKING)


def test_every_look_is_told(fleet, address, staff_browser, looks, monkeypatch):
    monkeypatch.setattr(audit, "LOOKED_EVERY", audit.LOOKED_EVERY * 0)  # each look is told of
    acme, _ = fleet
    browser, told = staff_browser(StaffRole.SUPPORT), {}

    for route in LOOKING:
        before = len(looks(acme))
        answer = browser.get(address(route))
        told[route] = (answer.status_code, len(looks(acme)) - before)

    assert told == dict.fromkeys(LOOKING, (200, 1))
