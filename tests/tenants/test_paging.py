import pytest
from django.http import QueryDict

from tenants.models import User
from tenants.paging import page_of

NAMES = [f"person-{letter}" for letter in "abcdefg"]


@pytest.fixture
def people(db):
    User.objects.bulk_create([User(email=f"{name}@acme.example", name=name) for name in NAMES])
    return User.objects.filter(name__in=NAMES)


def walked(rows, link, order=("name",)):
    """The names of the page that a link leads to, and the page."""
    page = page_of(rows, QueryDict(link.removeprefix("?")), order=order, size=3)
    return [row.name for row in page.rows], page


def test_pages_follow_each_other_to_the_end(people):
    first, page = walked(people, "")
    second, page = walked(people, page.next)
    third, page = walked(people, page.next)

    assert [*first, *second, *third] == NAMES
    assert page.next == ""


def test_the_way_back_shows_the_same_pages(people):
    first, page = walked(people, "")
    assert page.previous == ""
    _, page = walked(people, page.next)

    again, page = walked(people, page.previous)

    assert again == first
    assert page.previous == ""


def test_the_newest_can_come_first(people):
    names, page = walked(people, "", order=("-name", "-id"))
    below, _ = walked(people, page.next, order=("-name", "-id"))

    assert [*names, *below] == list(reversed(NAMES))[:6]


def test_rows_with_equal_first_fields_are_told_apart_by_the_next(people):
    people.update(is_staff=False)

    names, page = walked(people, "", order=("is_staff", "name"))
    below, _ = walked(people, page.next, order=("is_staff", "name"))

    assert [*names, *below] == NAMES[:6]


def test_filters_stay_in_the_links(people):
    _, page = walked(people, "q=person")

    assert "q=person" in page.next


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "WyJhIiwgImIiXQ==", "%FF", ""])
def test_a_cursor_that_makes_no_sense_leads_to_the_first_page(people, cursor):
    names, _ = walked(people, f"after={cursor}")

    assert names == NAMES[:3]
