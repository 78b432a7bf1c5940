from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tenants import audit, services
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.models import ApiToken, Membership, Tenant
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.tokens import digest_of

SOON = timedelta(days=7)


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def test_who_makes_a_tenant_becomes_its_admin(new_user):
    ada = new_user("ada@acme.example")

    tenant = services.create_tenant("acme", "Acme Limited", by=ada)

    with tenant_scope(tenant.pk):
        assert [(member.user, member.roles) for member in Membership.objects.all()] == [(ada, ["admin"])]
        assert actions(tenant) == ["tenant.created"]


@pytest.mark.parametrize(
    "name", ["", "a", "Acme", "9lives", "acme.example", "a" * 32, "acme\n", "äcme", "-acme"]
)
def test_a_tenant_needs_a_name_that_is_a_slug(new_user, name):
    if name.strip() != name:
        name = f"ac{name}me"

    with pytest.raises(ValidationError) as refusal:
        services.create_tenant(name, by=new_user("ada@acme.example"))

    assert list(refusal.value.message_dict) == ["name"]


def test_a_name_that_is_taken_is_told(acme, new_user):
    with pytest.raises(ValidationError, match="The name acme is taken"):
        services.create_tenant("acme", by=new_user("eve@globex.example"))


def test_somebody_who_signed_up_can_be_let_in(in_acme, actor, new_user):
    bob = new_user("bob@acme.example")

    member = services.add_member(bob, ["reader", "developer"], by=actor(Role.ADMIN))

    assert (member.user.email, member.roles) == ("bob@acme.example", ["developer", "reader"])
    assert actions(in_acme)[-1] == "member.added"


@pytest.mark.parametrize("roles", [[], ["wizard"], ["reader", "wizard"]])
def test_nobody_is_let_in_without_a_role_that_exists(in_acme, actor, new_user, roles):
    bob = new_user("bob@acme.example")

    with pytest.raises(ValidationError) as refusal:
        services.add_member(bob, roles, by=actor(Role.ADMIN))

    assert list(refusal.value.message_dict) == ["roles"]
    assert actions(in_acme) == ["tenant.created"]


def test_nobody_is_a_member_twice(in_acme, actor):
    with pytest.raises(Refused, match="a member already"):
        services.add_member(actor(Role.READER).membership.user, ["admin"], by=actor(Role.ADMIN))


def test_roles_change_and_both_are_recorded(in_acme, actor):
    member = actor(Role.READER).membership

    services.change_roles(member, ["developer"], by=actor(Role.ADMIN))

    member.refresh_from_db()
    assert member.roles == ["developer"]
    event = audit.find(in_acme).latest("sequence")
    assert (event.detail["before"], event.detail["after"]) == (["reader"], ["developer"])


def test_the_last_admin_stays_an_admin_and_a_member(in_acme, actor):
    last = actor(Role.ADMIN)

    with pytest.raises(Refused, match="last admin"):
        services.change_roles(last.membership, ["reader"], by=last)
    with pytest.raises(Refused, match="last admin"):
        services.remove_member(last.membership, by=last)

    assert Membership.objects.get(pk=last.membership.pk).roles == ["admin"]


def test_one_of_two_admins_may_go(in_acme, actor, new_user):
    bob = services.add_member(new_user("bob@acme.example"), ["admin"], by=actor(Role.ADMIN))

    services.remove_member(actor(Role.ADMIN).membership, by=Actor.of_member(bob))

    assert list(Membership.objects.all()) == [bob]
    assert actions(in_acme)[-1] == "member.removed"


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_an_admin_decides_who_belongs(in_acme, actor, role):
    other = actor(Role.READER if role == Role.DEVELOPER else Role.DEVELOPER).membership

    with pytest.raises(Forbidden):
        services.add_member(actor(Role.ADMIN).membership.user, ["reader"], by=actor(role))
    with pytest.raises(Forbidden):
        services.change_roles(other, ["admin"], by=actor(role))
    with pytest.raises(Forbidden):
        services.remove_member(other, by=actor(role))

    assert actions(in_acme) == ["tenant.created"]


def test_the_secret_of_a_token_is_not_kept(in_acme, actor):
    token, secret = services.create_token("ci", ["reader"], timezone.now() + SOON, by=actor(Role.ADMIN))

    token.refresh_from_db()
    assert secret.startswith("ep_")
    assert len(secret) > 40
    assert token.digest == digest_of(secret)
    kept = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    told = str(list(audit.find(in_acme).values()))
    assert secret not in kept + told


@pytest.mark.parametrize(
    ("maker", "given", "may"),
    [
        (Role.ADMIN, Role.ADMIN, True),
        (Role.ADMIN, Role.DEVELOPER, True),
        (Role.DEVELOPER, Role.DEVELOPER, True),
        (Role.DEVELOPER, Role.ADMIN, False),
        (Role.READER, Role.READER, False),
    ],
)
def test_nobody_makes_a_token_that_may_more_than_they(in_acme, actor, maker, given, may):
    def make():
        return services.create_token("ci", [given], timezone.now() + SOON, by=actor(maker))

    if may:
        assert make()[0].roles == [given]
    else:
        with pytest.raises(Forbidden):
            make()
        assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), timedelta(days=400)])
def test_a_token_ends_and_not_in_the_past(in_acme, actor, life):
    with pytest.raises(ValidationError) as refusal:
        services.create_token("ci", ["reader"], timezone.now() + life, by=actor(Role.ADMIN))

    assert list(refusal.value.message_dict) == ["expires_at"]


def test_a_token_makes_its_successor(in_acme, actor):
    first, _ = services.create_token("ci", ["admin"], timezone.now() + SOON, by=actor(Role.ADMIN))

    second, _ = services.create_token("ci", ["admin"], timezone.now() + 2 * SOON, by=Actor.of_token(first))

    assert second.created_by is None
    assert audit.find(in_acme).latest("sequence").actor == "token ci"


def test_a_token_is_revoked_once(in_acme, actor):
    token, _ = services.create_token("ci", ["reader"], timezone.now() + SOON, by=actor(Role.ADMIN))

    services.revoke_token(token, by=actor(Role.DEVELOPER))
    services.revoke_token(token, by=actor(Role.DEVELOPER))

    token.refresh_from_db()
    assert token.state == "revoked"
    assert actions(in_acme).count("token.revoked") == 1


def test_a_developer_does_not_revoke_what_an_admin_made_for_admins(in_acme, actor):
    token, _ = services.create_token("ci", ["admin"], timezone.now() + SOON, by=actor(Role.ADMIN))

    with pytest.raises(Forbidden):
        services.revoke_token(token, by=actor(Role.DEVELOPER))

    token.refresh_from_db()
    assert token.state == "active"


def test_a_freeze_holds_until_it_is_lifted(in_acme, actor):
    by = actor(Role.ADMIN)

    services.freeze_tenant(by=by)
    services.freeze_tenant(by=by)
    frozen = Tenant.objects.get().frozen_at
    services.unfreeze_tenant(by=by)

    assert frozen is not None
    assert Tenant.objects.get().frozen_at is None
    assert actions(in_acme)[1:] == ["tenant.frozen", "tenant.unfrozen"]


def test_only_an_admin_freezes(in_acme, actor):
    with pytest.raises(Forbidden):
        services.freeze_tenant(by=actor(Role.DEVELOPER))

    assert Tenant.objects.get().frozen_at is None
