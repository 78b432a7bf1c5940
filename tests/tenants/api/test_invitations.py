"""Invitations, and leaving, as a program meets them."""

import pytest

from tenants.policy import Role

ACME = "/api/v1/tenants/acme/"
BOB = {"email": "bob@acme.example", "roles": ["reader"]}


@pytest.fixture
def made(api):
    """A program, and the answer that it got to the invitation of bob."""
    client = api(Role.ADMIN)
    return client, client.post(ACME + "invitations/", BOB, "application/json")


def test_an_invitation_is_made_read_sent_again_and_revoked(made):
    client, answer = made
    url = answer["Location"]

    again = client.post(url + "resend/")
    revoked = client.delete(url)

    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    assert (again.status_code, again.json()["expires_at"] > answer.json()["expires_at"]) == (200, True)
    assert (revoked.status_code, client.get(url).json()["state"]) == (204, "revoked")


def test_no_answer_holds_the_secret_or_its_hash(made):
    client, answer = made

    told = client.get(ACME + "invitations/").json()["results"][0]

    assert [part in told for part in ("digest", "secret", "token", "link")] == [False] * 4
    assert told.keys() == answer.json().keys()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (BOB, 409),
        ({**BOB, "email": "admin@acme.example"}, 409),
        ({**BOB, "email": "bob@acme.example\nBcc: eve@globex.example"}, 400),
        ({**BOB, "email": "bob\u0000@acme.example"}, 400),
        ({**BOB, "roles": []}, 400),
        ({**BOB, "roles": ["wizard"]}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_sent_is_a_problem(made, body, status):
    answer = made[0].post(ACME + "invitations/", body, "application/json")

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_whether_somebody_has_signed_up_makes_no_difference(made, new_user):
    client, unknown = made
    new_user("known@acme.example")

    known = client.post(ACME + "invitations/", {**BOB, "email": "known@acme.example"}, "application/json")

    same = ("roles", "state", "created_by", "sent_at", "accepted_at")
    assert [known.json()[name] for name in same] == [unknown.json()[name] for name in same]


def test_nobody_is_added_unasked(made):
    assert made[0].post(ACME + "members/", BOB, "application/json").status_code == 405


def test_of_two_who_edit_one_invitation_the_second_is_told(made):
    client, answer = made
    seen = {"If-Match": answer["ETag"]}

    answers = [
        client.post(answer["Location"] + "resend/", headers=seen),
        client.post(answer["Location"] + "resend/", headers=seen),
        client.delete(answer["Location"], headers=seen),
    ]

    assert [answer.status_code for answer in answers] == [200, 412, 412]


def test_a_repeated_request_to_send_again_sends_once(made, mailoutbox, deliver):
    client, answer = made
    once = {"Idempotency-Key": "once"}

    answers = [client.post(answer["Location"] + "resend/", headers=once) for _ in range(2)]

    deliver()
    to_bob = [letter for letter in mailoutbox if letter.to == [BOB["email"]]]
    assert (answers[0].json(), len(to_bob)) == (answers[1].json(), 1)


def test_the_invitations_of_another_tenant_are_not_found(made, api, globex):
    identity = made[1].json()["id"]
    theirs = f"/api/v1/tenants/globex/invitations/{identity}/"
    stranger = api(Role.ADMIN, globex)

    answers = [stranger.get(theirs), stranger.delete(theirs), stranger.post(theirs + "resend/")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert made[0].get(made[1]["Location"]).json()["state"] == "pending"


def test_a_person_leaves_and_a_token_cannot(api, browser, actor):
    actor(Role.ADMIN)
    person = browser(Role.READER)

    left, token = person.post(ACME + "leave/"), api(Role.READER).post(ACME + "leave/")

    assert (left.status_code, person.get(ACME).status_code) == (204, 404)
    assert (token.status_code, "Only a person can leave" in token.json()["detail"]) == (403, True)
