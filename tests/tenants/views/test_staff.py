"""The pages where operators keep staff."""

import pytest

from tenants.models import StaffMember
from tenants.policy import StaffRole

PAGE = "/staff/people/"
SUE = {"email": "sue@vendor.example", "name": "Sue Support", "roles": ["support"]}


@pytest.fixture
def operator(staff_browser):
    return staff_browser(StaffRole.OPERATOR)


def sue():
    return StaffMember.objects.get(user__email="sue@vendor.example")


def test_an_operator_adds_somebody_who_gets_a_letter(
    operator, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(f"{PAGE}add/", SUE, follow=True)

    assert "sue@vendor.example is staff now" in answer.text
    (letter,) = mailoutbox
    assert (letter.to, "/accounts/password/reset/" in letter.body) == (["sue@vendor.example"], True)
    assert "operator@vendor.example made you staff of Enclave Portal: support." in letter.body


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({**SUE, "email": "admin@acme.example"}, "is a member of a tenant"),
        ({**SUE, "email": "operator@vendor.example"}, "is staff already"),
        ({**SUE, "roles": []}, "This field is required"),
        ({**SUE, "email": "nobody"}, "valid email"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(operator, acme, wanted, said):
    assert said in operator.post(f"{PAGE}add/", wanted).text
    assert StaffMember.objects.count() == 1


def test_roles_are_changed_and_recorded(operator):
    operator.post(f"{PAGE}add/", SUE)

    operator.post(f"{PAGE}{sue().pk}/roles/", {"roles": ["approver", "support"]})

    assert sue().roles == ["support", "approver"]
    assert "staff.roles_changed" in operator.get("/staff/log/?subject=sue").text


def test_somebody_is_removed_after_a_question(operator):
    operator.post(f"{PAGE}add/", SUE)

    asked = operator.get(f"{PAGE}{sue().pk}/remove/").text
    operator.post(f"{PAGE}{sue().pk}/remove/")

    assert ("Remove Sue Support from staff?" in asked, "Remove now" in asked) == (True, True)
    assert (sue().is_active, sue().user.is_staff) == (False, False)
    assert "left" in operator.get(PAGE).text


def test_the_last_operator_is_told_to_stay(operator, staff):
    last = staff(StaffRole.OPERATOR).member.pk

    changed = operator.post(f"{PAGE}{last}/roles/", {"roles": ["support"]})
    removed = operator.post(f"{PAGE}{last}/remove/", follow=True)

    assert ["last operator" in answer.text for answer in (changed, removed)] == [True, True]


def test_who_left_has_no_roles_to_change(operator):
    operator.post(f"{PAGE}add/", SUE)
    operator.post(f"{PAGE}{sue().pk}/remove/")

    assert operator.get(f"{PAGE}{sue().pk}/roles/").status_code == 404


def test_the_list_costs_the_same_for_one_and_for_three(operator, staff, queries, at_most):
    with at_most(12) as before:
        operator.get(PAGE)
    staff(StaffRole.SUPPORT)
    staff(StaffRole.APPROVER)

    with queries(len(before)):
        operator.get(PAGE)


def test_a_log_without_a_line_that_fits_offers_to_show_all(operator):
    text = operator.get("/staff/log/?action=nothing").text

    assert ("No line fits" in text, "Show all" in text) == (True, True)
