import pytest

from portal import navigation
from tenants.policy import GRANTS, STAFF_GRANTS, Role, StaffRole

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_the_places_that_their_rights_open_and_no_other(actor, role):
    shown = [link.title for links in navigation.sections(actor(role), "/").values() for link in links]

    assert shown == [place.title for place in navigation.PLACES if place.permission in GRANTS[role]]


@pytest.mark.parametrize(
    ("path", "title"),
    [("/t/acme/", "Home"), ("/t/acme/hosts/", "Hosts"), ("/t/acme/accounts/aws:1/freeze/", "Cloud accounts")],
)
def test_the_place_where_one_is_is_marked(actor, path, title):
    found = navigation.sections(actor(Role.ADMIN), path)

    assert [link.title for links in found.values() for link in links if link.current] == [title]


def test_each_key_leads_to_one_place():
    keys = [place.key for place in navigation.PLACES]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("role", StaffRole)
def test_staff_see_the_places_that_their_rights_open_and_no_other(staff, role):
    shown = [link.title for links in navigation.staff_sections(staff(role), "/").values() for link in links]

    assert shown == [p.title for p in navigation.STAFF_PLACES if p.permission in STAFF_GRANTS[role]]


@pytest.mark.parametrize(("path", "title"), [("/staff/", "Fleet"), ("/staff/zones/add/", "Zones")])
def test_the_place_where_staff_are_is_marked(staff, path, title):
    found = navigation.staff_sections(staff(StaffRole.OPERATOR), path)

    assert [link.title for links in found.values() for link in links if link.current] == [title]


def test_each_key_of_staff_leads_to_one_place():
    keys = [place.key for place in navigation.STAFF_PLACES]

    assert len(keys) == len(set(keys))
