"""Who is staff, and that nobody is staff and a member of a tenant."""

import psycopg
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tenants import staff_log
from tenants.actors import Shell, StaffActor
from tenants.errors import Forbidden, Refused
from tenants.invitations import accept_invitation, invite_member
from tenants.models import Invitation, Membership, StaffEvent, StaffMember, Tenant, User
from tenants.policy import Role, StaffRole
from tenants.scope import tenant_scope
from tenants.services.members import add_member
from tenants.services.staff import add_staff, change_staff_roles, people, remove_staff
from tenants.services.tenants import create_tenant
from tenants.tokens import digest_of

OPERATOR, SUPPORT = StaffRole.OPERATOR, StaffRole.SUPPORT
ADDRESS = "sue@vendor.example"


@pytest.fixture
def operator(db) -> StaffActor:
    return StaffActor.of(add_staff("opal@vendor.example", [OPERATOR], name="Opal Operator", by=Shell()))


def test_an_operator_adds_somebody_who_had_no_account(operator):
    member = add_staff(" Sue@Vendor.example ", ["support"], name="Sue Support", by=operator)

    assert (member.user.email, member.user.name, member.roles) == (ADDRESS, "Sue Support", ["support"])
    assert (member.user.is_staff, member.user.has_usable_password()) == (True, False)
    assert member.added_by == operator.member.user


def test_what_happens_among_staff_is_recorded(operator):
    member = add_staff(ADDRESS, ["support"], by=operator)
    change_staff_roles(member, ["approver", "support"], by=operator)
    remove_staff(member, by=operator)

    told = staff_log.find(subject=ADDRESS).order_by("recorded_at").values_list("action", "actor")
    label = "operator: Opal Operator"
    assert list(told) == [(f"staff.{what}", label) for what in ("added", "roles_changed", "removed")]


@pytest.mark.parametrize("roles", [[SUPPORT], ["approver"], [SUPPORT, "approver"]])
def test_nobody_but_an_operator_manages_staff(operator, roles):
    by = StaffActor.of(add_staff("ann@vendor.example", roles, by=operator))

    for attempt in (
        lambda: add_staff(ADDRESS, ["operator"], by=by),
        lambda: change_staff_roles(by.member, ["operator"], by=by),
        lambda: remove_staff(operator.member, by=by),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert list(people().filter(is_active=True, roles__contains=["operator"])) == [operator.member]


@pytest.mark.parametrize(
    ("email", "roles", "field"),
    [("no address", ["support"], "email"), (ADDRESS, [], "roles"), (ADDRESS, ["admin"], "roles")],
)
def test_what_makes_no_sense_is_named_by_its_field(operator, email, roles, field):
    with pytest.raises(ValidationError) as refusal:
        add_staff(email, roles, by=operator)

    assert set(refusal.value.message_dict) == {field}
    assert not User.objects.filter(email=ADDRESS).exists()


def test_somebody_is_staff_once(operator):
    add_staff(ADDRESS, ["support"], by=operator)

    with pytest.raises(Refused, match="is staff already"):
        add_staff(ADDRESS, ["operator"], by=operator)
    assert StaffMember.objects.get(user__email=ADDRESS).roles == ["support"]


def test_who_left_comes_back_as_the_same_person(operator):
    member = add_staff(ADDRESS, ["support"], by=operator)
    remove_staff(member, by=operator)

    again = add_staff(ADDRESS, ["approver"], by=operator)

    assert (again.pk, again.is_active, again.roles) == (member.pk, True, ["approver"])


def test_the_last_operator_stays(operator):
    with pytest.raises(Refused, match="last operator"):
        remove_staff(operator.member, by=operator)
    with pytest.raises(Refused, match="last operator"):
        change_staff_roles(operator.member, ["support"], by=operator)

    assert StaffMember.objects.get() == operator.member


def test_an_operator_whose_account_is_closed_does_not_count(operator):
    other = add_staff(ADDRESS, ["operator"], by=operator)
    User.objects.filter(pk=other.user_id).update(is_active=False)

    with pytest.raises(Refused, match="last operator"):
        remove_staff(operator.member, by=operator)


def test_one_of_two_operators_may_go(operator):
    other = add_staff(ADDRESS, ["operator"], by=operator)

    remove_staff(operator.member, by=operator)

    assert list(people().filter(is_active=True)) == [other]


def test_whoever_signed_up_early_with_an_address_of_ours_loses_their_way_in(operator):
    squatter = User.objects.create_user(ADDRESS, "a password of a stranger")
    EmailAddress.objects.create(user=squatter, email=ADDRESS, primary=True)
    Authenticator.objects.create(user=squatter, type=Authenticator.Type.TOTP, data={})

    member = add_staff(ADDRESS, ["support"], by=operator)

    assert (member.user, member.user.has_usable_password()) == (squatter, False)
    assert not Authenticator.objects.exists()


def test_who_has_proven_their_address_keeps_their_password(operator, proven):
    proven(ADDRESS).set_password("one of my own")

    member = add_staff(ADDRESS, ["support"], by=operator)

    assert member.user.is_staff
    assert EmailAddress.objects.filter(user=member.user, verified=True).exists()


# Staff are members of no tenant.


def test_a_member_of_a_tenant_cannot_become_staff(operator, acme):
    with pytest.raises(Refused, match="is a member of a tenant"):
        add_staff("admin@acme.example", ["support"], by=operator)

    assert User.objects.get(email="admin@acme.example").is_staff is False
    assert not StaffMember.objects.filter(user__email="admin@acme.example").exists()


def test_staff_make_no_tenant_and_join_none(operator, actor, acme):
    staff = operator.member.user

    with pytest.raises(Forbidden, match="members of no tenant"):
        create_tenant("vendor", by=staff)
    with tenant_scope(acme.pk), pytest.raises(Refused, match="cannot become a member"):
        add_member(staff, ["reader"], by=actor(Role.ADMIN))

    assert not Tenant.objects.filter(name="vendor").exists()


def test_an_invitation_of_staff_looks_like_any_other_and_makes_nobody_a_member(
    operator, actor, acme, posted, proven
):
    staff = proven(ADDRESS)
    add_staff(ADDRESS, ["support"], by=operator)
    with tenant_scope(acme.pk):
        secret = posted(invite_member, ADDRESS, ["admin"], by=actor(Role.ADMIN))
    staff.refresh_from_db()

    with pytest.raises(Refused, match="You are staff"):
        accept_invitation(digest_of(secret), by=staff)

    with tenant_scope(acme.pk):
        assert Invitation.objects.get().state == "pending"
        assert not Membership.objects.filter(user=staff).exists()


def test_the_database_takes_no_membership_of_staff(operator, in_acme):
    with pytest.raises(IntegrityError, match="membership_of_no_staff"), transaction.atomic():
        Membership.objects.create(tenant=in_acme, user=operator.member.user, roles=["reader"])


def test_the_database_makes_no_member_staff(in_acme):
    with pytest.raises(IntegrityError, match="membership_of_no_staff"), transaction.atomic():
        User.objects.filter(email="admin@acme.example").update(is_staff=True)


def test_the_database_takes_no_staff_that_is_not_on_its_side(operator, in_acme, new_user):
    user = new_user(ADDRESS)

    def intrude():
        with transaction.atomic():
            StaffMember.objects.create(user=user, roles=["operator"])
            transaction.get_connection().check_constraints()

    with pytest.raises(IntegrityError, match="staff_on_its_side"):
        intrude()


def test_the_application_changes_no_line_of_the_staff_log(transactional_db, as_app):
    staff_log.record("staff.added", ADDRESS, by=Shell())

    for statement in ("UPDATE tenants_staffevent SET actor = 'nobody'", "DELETE FROM tenants_staffevent"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(statement)
    assert StaffEvent.objects.get().actor == "shell"
