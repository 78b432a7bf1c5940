"""The people of staff at the API."""

import pytest

from tenants.models import StaffMember
from tenants.policy import StaffRole

PEOPLE = "/api/v1/staff/people/"
SUE = {"email": "sue@vendor.example", "name": "Sue Support", "roles": ["support"]}
JSON = "application/json"


@pytest.fixture
def operator(staff_browser):
    return staff_browser(StaffRole.OPERATOR)


def test_somebody_is_added_given_other_roles_and_removed(operator):
    made = operator.post(PEOPLE, SUE, JSON)
    url = f"{PEOPLE}{made.json()['id']}/"

    changed = operator.patch(url, {"roles": ["approver"]}, JSON)
    removed = operator.delete(url)

    assert (made.status_code, made.json()["added_by"]) == (201, "operator@vendor.example")
    assert (changed.status_code, changed.json()["roles"]) == (200, ["approver"])
    assert (removed.status_code, operator.get(url).json()["is_active"]) == (204, False)


def test_the_list_and_the_log_tell_of_it(operator):
    operator.post(PEOPLE, SUE, JSON)

    people = operator.get(PEOPLE).json()["results"]
    events = operator.get("/api/v1/staff/events/?subject=sue").json()["results"]

    assert {person["email"] for person in people} == {"sue@vendor.example", "operator@vendor.example"}
    assert [(event["action"], event["actor"]) for event in events] == [
        ("staff.added", "operator: operator person")
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**SUE, "email": "operator@vendor.example"}, 409),
        ({**SUE, "email": "admin@acme.example"}, 409),
        ({**SUE, "email": "no address"}, 400),
        ({**SUE, "roles": []}, 400),
        ({**SUE, "roles": ["admin"]}, 400),
        ({}, 400),
    ],
)
def test_who_cannot_be_staff_is_a_problem(operator, acme, body, status):
    answer = operator.post(PEOPLE, body, JSON)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert StaffMember.objects.count() == 1


def test_of_two_who_edit_one_person_the_second_is_told(operator):
    made = operator.post(PEOPLE, SUE, JSON)
    url, seen = f"{PEOPLE}{made.json()['id']}/", {"If-Match": made["ETag"]}

    answers = [
        operator.patch(url, {"roles": ["approver"]}, JSON, headers=seen),
        operator.patch(url, {"roles": ["operator"]}, JSON, headers=seen),
        operator.delete(url, headers=seen),
    ]

    assert [answer.status_code for answer in answers] == [200, 412, 412]


def test_the_last_operator_stays(operator, staff):
    answer = operator.delete(f"{PEOPLE}{staff(StaffRole.OPERATOR).member.pk}/")

    assert (answer.status_code, "last operator" in answer.json()["detail"]) == (409, True)
