"""The second wall alone: every list and every page again, with no filter by tenant left in our queries."""

import pytest
from django.db.models.expressions import Col
from django.db.models.fields.related_lookups import RelatedExact
from django.db.models.lookups import Exact

from tenants.isolation import owned_models
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.walls.people import ELSEWHERE, HERE
from tests.walls.test_other_tenant import OF_TENANTS, OF_THINGS, alike, asked_by, leaks, text_of

pytestmark = pytest.mark.django_db(databases=["default", "system"])

OWNED = sorted(owned_models(), key=lambda model: model._meta.label)
READ = [line for line in OF_TENANTS if line.method == "GET"]


@pytest.fixture
def no_filters(monkeypatch):
    """Take every ``tenant = …`` out of the queries, as if all of them had been forgotten."""
    removed = []
    for lookup in (Exact, RelatedExact):
        monkeypatch.setattr(lookup, "as_sql", without_tenant(lookup.as_sql, removed))
    return removed


def without_tenant(as_sql, removed):
    def compiled(self, compiler, connection, *args):
        if isinstance(self.lhs, Col) and self.lhs.target.remote_field and names_a_tenant(self.lhs.target):
            removed.append(self.lhs.target)
            return "TRUE", ()
        return as_sql(self, compiler, connection, *args)

    return compiled


def names_a_tenant(field):
    return field.remote_field.model is Tenant


def test_the_filters_are_removed_indeed(world, no_filters):
    tenant = world.here.tenant

    behind_the_wall = set(tenant.hosts.using("system").values_list("tenant_id", flat=True))

    assert behind_the_wall == {world.here.tenant.pk, world.elsewhere.tenant.pk}
    assert len(no_filters) == 1


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_a_query_without_any_filter_finds_what_is_ones_own(world, model):
    with tenant_scope(world.here.tenant.pk):
        seen = {row.tenant_id for row in model.objects.all()}

    everything = {row.tenant_id for row in model.objects.using("system")}
    assert seen == {world.here.tenant.pk}
    assert everything == {world.here.tenant.pk, world.elsewhere.tenant.pk}


@pytest.mark.parametrize("line", READ, ids=str)
def test_a_page_without_filters_shows_what_is_ones_own(world, no_filters, line):
    answer = world.ask(asked_by(line), "GET", world.address(line.route))

    assert answer.status_code in (200, 302, 400, 403)
    assert leaks(world.elsewhere, text_of(answer)) == []


@pytest.mark.parametrize("line", [line for line in READ if line in OF_THINGS], ids=str)
def test_without_filters_what_is_another_tenants_still_does_not_exist(world, no_filters, line):
    foreign = world.address(line.route, owner=ELSEWHERE, below=HERE)
    missing = world.address(line.route, owner=None, below=HERE)

    answers = [alike(world.ask(asked_by(line), "GET", address), address) for address in (foreign, missing)]

    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 400)
