"""What two people do at the same moment, each on a connection of their own."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections, transaction
from django.utils import timezone

from tenants.actors import Actor, Shell
from tenants.errors import Refused
from tenants.invitations import NOT_IN_FORCE, accept_invitation, invite_member
from tenants.models import ApiToken, Invitation, Membership
from tenants.policy import Role
from tenants.scope import enter_tenant, tenant_scope
from tenants.services import members as services
from tenants.services.staff import add_staff
from tenants.services.tokens import create_token, rotate_token
from tenants.tokens import BadToken, find_token

BOB = "bob@acme.example"
pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_use_one_link_at_the_same_time_one_comes_in(acme, actor, proven):
    by = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        invite_member(BOB, ["reader"], by=by)
        Invitation.objects.update(digest="d" * 64)
    bob = proven(BOB)

    told = at_once(*[lambda: accept_invitation("d" * 64, by=bob)] * 2)

    assert sorted(told) == [NOT_IN_FORCE, "done"]
    with tenant_scope(acme.pk):
        assert Membership.objects.filter(user=bob).count() == 1


def test_of_joining_a_tenant_and_becoming_staff_at_the_same_time_one_happens(acme, actor, proven):
    by = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        invite_member(BOB, ["reader"], by=by)
        Invitation.objects.update(digest="d" * 64)
    bob = proven(BOB)

    told = at_once(
        lambda: accept_invitation("d" * 64, by=bob), lambda: add_staff(BOB, ["support"], by=Shell())
    )

    assert sorted(told)[1:] == ["done"]
    assert "staff" in sorted(told)[0].lower()


@pytest.mark.parametrize("way", ["leave", "remove each other", "become readers"])
def test_of_two_admins_who_go_at_the_same_time_one_stays(acme, actor, proven, way):
    ada = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        bob = Actor.of_member(services.add_member(proven(BOB), ["admin"], by=ada))

    told = at_once(*[in_tenant(acme, going(way, one, other)) for one, other in ((ada, bob), (bob, ada))])

    assert sorted(told) == ["This is the last admin. Make somebody else an admin first.", "done"]
    with tenant_scope(acme.pk):
        assert Membership.objects.filter(roles__contains=["admin"]).count() == 1


def test_of_two_who_rotate_a_token_at_the_same_time_one_gets_its_successor(acme, actor):
    by = actor(Role.DEVELOPER)
    with tenant_scope(acme.pk):
        token, _ = create_token("laptop", ["reader"], timezone.now() + timedelta(days=1), by=by)

    told = at_once(*[in_tenant(acme, lambda: rotate_token(token, by=by))] * 2)

    assert sorted(told) == ["This token was rotated already. Rotate its successor.", "done"]
    with tenant_scope(acme.pk):
        assert ApiToken.objects.filter(replaces=token).count() == 1


def test_a_token_made_while_its_person_is_removed_opens_nothing(acme, actor, proven):
    ada = actor(Role.ADMIN)
    with tenant_scope(acme.pk):
        bob = Actor.of_member(services.add_member(proven(BOB), ["developer"], by=ada))
    made: list[str] = []

    def make():
        until = timezone.now() + timedelta(days=1)
        made.append(create_token("laptop", ["reader"], until, by=bob)[1])

    at_once(in_tenant(acme, make), in_tenant(acme, lambda: services.remove_member(bob.membership, by=ada)))

    with transaction.atomic(), pytest.raises(BadToken):
        find_token(made[0])


def going(way, one, other):
    return {
        "leave": lambda: services.leave_tenant(by=one),
        "remove each other": lambda: services.remove_member(other.membership, by=one),
        "become readers": lambda: services.change_roles(one.membership, ["reader"], by=one),
    }[way]


def in_tenant(tenant, work):
    def run():
        with transaction.atomic():
            enter_tenant(tenant.pk)
            work()

    return run


def at_once(*works) -> list[str]:
    """Run all at the same moment, each on a connection of its own; what each was told."""
    together, told = Barrier(len(works)), []

    def run(work):
        together.wait(5)
        try:
            work()
            told.append("done")
        except Refused as refusal:
            told.append(str(refusal))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return told
