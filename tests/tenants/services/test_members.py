import pytest
from django.core.exceptions import ValidationError

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.models import Membership
from tenants.policy import Role
from tenants.services.members import add_member, change_roles, remove_member


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def test_somebody_who_signed_up_can_be_let_in(in_acme, actor, new_user):
    bob = new_user("bob@acme.example")

    member = add_member(bob, ["reader", "developer"], by=actor(Role.ADMIN))

    assert (member.user.email, member.roles) == ("bob@acme.example", ["developer", "reader"])
    assert actions(in_acme)[-1] == "member.added"


@pytest.mark.parametrize("roles", [[], ["wizard"], ["reader", "wizard"]])
def test_nobody_is_let_in_without_a_role_that_exists(in_acme, actor, new_user, roles):
    bob = new_user("bob@acme.example")

    with pytest.raises(ValidationError) as refusal:
        add_member(bob, roles, by=actor(Role.ADMIN))

    assert list(refusal.value.message_dict) == ["roles"]
    assert actions(in_acme) == ["tenant.created"]


def test_nobody_is_a_member_twice(in_acme, actor):
    with pytest.raises(Refused, match="a member already"):
        add_member(actor(Role.READER).membership.user, ["admin"], by=actor(Role.ADMIN))


def test_roles_change_and_both_are_recorded(in_acme, actor):
    member = actor(Role.READER).membership

    change_roles(member, ["developer"], by=actor(Role.ADMIN))

    member.refresh_from_db()
    assert member.roles == ["developer"]
    event = audit.find(in_acme).latest("sequence")
    assert (event.detail["before"], event.detail["after"]) == (["reader"], ["developer"])


def test_the_last_admin_stays_an_admin_and_a_member(in_acme, actor):
    last = actor(Role.ADMIN)

    with pytest.raises(Refused, match="last admin"):
        change_roles(last.membership, ["reader"], by=last)
    with pytest.raises(Refused, match="last admin"):
        remove_member(last.membership, by=last)

    assert Membership.objects.get(pk=last.membership.pk).roles == ["admin"]


def test_one_of_two_admins_may_go(in_acme, actor, new_user):
    bob = add_member(new_user("bob@acme.example"), ["admin"], by=actor(Role.ADMIN))

    remove_member(actor(Role.ADMIN).membership, by=Actor.of_member(bob))

    assert list(Membership.objects.all()) == [bob]
    assert actions(in_acme)[-1] == "member.removed"


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_an_admin_decides_who_belongs(in_acme, actor, role):
    other = actor(Role.READER if role == Role.DEVELOPER else Role.DEVELOPER).membership

    with pytest.raises(Forbidden):
        add_member(actor(Role.ADMIN).membership.user, ["reader"], by=actor(role))
    with pytest.raises(Forbidden):
        change_roles(other, ["admin"], by=actor(role))
    with pytest.raises(Forbidden):
        remove_member(other, by=actor(role))

    assert actions(in_acme) == ["tenant.created"]
