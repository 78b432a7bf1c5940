"""A tenant decides whether its members need a second factor."""

import pytest

from tenants.errors import Forbidden, Refused
from tenants.gate import Actor
from tenants.models import AuditEvent, Notification
from tenants.policy import Role
from tenants.services.security import require_second_factor, standing_of
from tests.signing_in import give_totp

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(actor, in_acme):
    by = actor(Role.ADMIN)
    give_totp(by.membership.user)
    return by


def test_an_admin_with_a_second_factor_may_require_one_of_all(admin, acme):
    require_second_factor(True, by=admin)

    acme.refresh_from_db()
    assert acme.requires_second_factor is True
    assert AuditEvent.objects.latest("sequence").action == "tenant.second_factor_required"
    assert Notification.objects.get(kind="second_factor.changed").tenant == acme


def test_it_is_lifted_again(admin, acme):
    require_second_factor(True, by=admin)
    require_second_factor(False, by=admin)

    acme.refresh_from_db()
    assert acme.requires_second_factor is False
    assert AuditEvent.objects.latest("sequence").action == "tenant.second_factor_lifted"


def test_what_is_so_already_is_not_recorded_again(admin):
    before = AuditEvent.objects.count()

    require_second_factor(False, by=admin)

    assert AuditEvent.objects.count() == before


def test_nobody_shuts_themselves_out(actor, in_acme, acme):
    with pytest.raises(Refused):
        require_second_factor(True, by=actor(Role.ADMIN))

    acme.refresh_from_db()
    assert acme.requires_second_factor is False


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_admins_decide(actor, in_acme, role):
    by = actor(role)
    give_totp(by.membership.user)

    with pytest.raises(Forbidden):
        require_second_factor(True, by=by)


def test_a_token_decides_nothing_about_people(token_of, in_acme, acme):
    token, _ = token_of(Role.ADMIN)

    for required in (True, False):
        with pytest.raises(Forbidden):
            require_second_factor(required, by=Actor.of_token(token))


def test_the_standing_counts_who_has_one(admin, actor, acme):
    without = actor(Role.READER)

    standing = standing_of(acme)

    assert (standing.members, standing.with_one) == (2, 1)
    assert without.membership in standing.without
