from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import audit
from tenants.actors import Actor
from tenants.errors import Forbidden, Refused
from tenants.models import ApiToken, Membership, ServiceAccount, User
from tenants.policy import Permission, Role
from tenants.services.members import add_member, change_roles, leave_tenant, remove_member
from tenants.services.service_accounts import disable_service_account
from tenants.services.tokens import create_service_token, create_token, rotate_token, visible_tokens
from tenants.tokens import BadToken, digest_of, find_token

SOON = timedelta(days=7)


def actions(tenant) -> list[str]:
    return list(audit.find(tenant).order_by("sequence").values_list("action", flat=True))


def in_force(secret: str) -> tuple[Role, ...] | str:
    """What whoever presents a secret may at this moment, or what they are told."""
    try:
        return Actor.of_token(find_token(secret)).roles
    except BadToken as refusal:
        return str(refusal)


def laptop(by: Actor, *roles: Role, life: timedelta = SOON) -> tuple[ApiToken, str]:
    return create_token("laptop", roles, timezone.now() + life, by=by)


def test_the_secret_of_a_token_is_not_kept(in_acme, actor):
    token, secret = laptop(actor(Role.ADMIN), Role.READER)

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
    if may:
        assert laptop(actor(maker), given)[0].roles == [given]
    else:
        with pytest.raises(Forbidden):
            laptop(actor(maker), given)
        assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), timedelta(days=400)])
def test_a_token_ends_and_not_in_the_past(in_acme, actor, machine, life):
    until, by = timezone.now() + life, actor(Role.ADMIN)

    with pytest.raises(ValidationError) as personal:
        create_token("laptop", ["reader"], until, by=by)
    with pytest.raises(ValidationError) as service:
        create_service_token(machine(Role.READER), "deploy", until, by=by)

    assert [list(one.value.message_dict) for one in (personal, service)] == [["expires_at"]] * 2


@pytest.mark.parametrize("now", [[Role.READER], [Role.DEVELOPER], [Role.READER, Role.DEVELOPER]])
def test_a_personal_token_never_outranks_its_person(in_acme, actor, now):
    bob = actor(Role.DEVELOPER)
    change_roles(bob.membership, ["admin"], by=actor(Role.ADMIN))
    _, secret = laptop(actor(Role.DEVELOPER), Role.ADMIN)

    change_roles(bob.membership, now, by=actor(Role.ADMIN))

    program = Actor.of_token(find_token(secret))
    person = Actor.of_member(Membership.objects.get(pk=bob.membership.pk))
    assert [p for p in Permission if program.may(p)] == [p for p in Permission if person.may(p)]


def test_a_personal_token_does_not_rise_with_its_person(in_acme, actor):
    bob = actor(Role.DEVELOPER)
    _, secret = laptop(bob, Role.READER)

    change_roles(bob.membership, ["admin"], by=actor(Role.ADMIN))

    assert in_force(secret) == (Role.READER,)


@pytest.mark.parametrize("way", ["removed", "left"])
def test_a_personal_token_ends_with_the_membership(in_acme, actor, way):
    bob = actor(Role.DEVELOPER)
    _, secret = laptop(bob, Role.READER)

    if way == "removed":
        remove_member(bob.membership, by=actor(Role.ADMIN))
    else:
        leave_tenant(by=bob)

    assert in_force(secret) == "This token is revoked."
    assert actions(in_acme)[-2] == "token.revoked"


def test_a_membership_that_goes_another_way_takes_the_token_with_it(in_acme, actor):
    bob = actor(Role.DEVELOPER)
    _, secret = laptop(bob, Role.READER)

    Membership.objects.filter(pk=bob.membership.pk).delete()

    assert in_force(secret) == "This token is suspended: its holder is not active here any more."


def test_who_is_let_in_again_does_not_find_their_old_tokens_at_work(in_acme, actor):
    bob = actor(Role.DEVELOPER)
    _, secret = laptop(bob, Role.READER)
    Membership.objects.filter(pk=bob.membership.pk).delete()

    add_member(bob.membership.user, ["admin"], by=actor(Role.ADMIN))

    assert in_force(secret) == "This token is suspended: its holder is not active here any more."


def test_a_personal_token_stops_while_its_person_is_deactivated(in_acme, actor):
    bob = actor(Role.DEVELOPER)
    _, secret = laptop(bob, Role.READER)

    User.objects.filter(pk=bob.membership.user.pk).update(is_active=False)

    assert in_force(secret) == "This token is suspended: its holder is not active here any more."


def test_a_service_account_has_no_person_whose_end_could_be_its_own(in_acme, actor, machine):
    bob = actor(Role.DEVELOPER)
    change_roles(bob.membership, ["admin"], by=actor(Role.ADMIN))
    by = actor(Role.DEVELOPER)
    _, secret = create_service_token(machine(Role.READER), "deploy", timezone.now() + SOON, by=by)

    remove_member(bob.membership, by=actor(Role.ADMIN))

    assert in_force(secret) == (Role.READER,)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_only_an_admin_makes_tokens_of_service_accounts(in_acme, actor, machine, role):
    account = machine(Role.READER)

    with pytest.raises(Forbidden):
        create_service_token(account, "deploy", timezone.now() + SOON, by=actor(role))

    assert ApiToken.objects.count() == 0


def test_a_disabled_service_account_gets_no_token(in_acme, actor, machine):
    account = disable_service_account(machine(Role.READER), by=actor(Role.ADMIN))

    with pytest.raises(Refused, match="is disabled"):
        create_service_token(account, "deploy", timezone.now() + SOON, by=actor(Role.ADMIN))


def test_a_personal_token_makes_no_keys(in_acme, actor, machine):
    token, _ = laptop(actor(Role.ADMIN), Role.ADMIN)
    program, account = Actor.of_token(token), machine(Role.READER)

    with pytest.raises(Forbidden):
        laptop(program, Role.READER)
    with pytest.raises(Forbidden):
        rotate_token(token, by=program)
    with pytest.raises(Forbidden):
        create_service_token(account, "deploy", timezone.now() + SOON, by=program)

    assert list(ApiToken.objects.all()) == [token]


def test_a_rotated_token_works_until_the_overlap_is_over(in_acme, actor):
    by, before = actor(Role.DEVELOPER), timezone.now()
    old, old_secret = laptop(by, Role.DEVELOPER, life=timedelta(days=30))

    new, new_secret = rotate_token(old, overlap=timedelta(hours=2), by=by)

    old.refresh_from_db()
    assert (in_force(old_secret), in_force(new_secret)) == ((Role.DEVELOPER,), (Role.DEVELOPER,))
    assert timedelta(hours=2) <= old.expires_at - before < timedelta(hours=3)
    assert timedelta(days=30) <= new.expires_at - before < timedelta(days=31)
    assert (new.replaces, new.name, new.roles) == (old, "laptop", ["developer"])
    assert audit.find(in_acme).latest("sequence").detail["successor"] == new.prefix


def test_without_an_overlap_the_old_token_ends_at_once(in_acme, actor):
    by = actor(Role.DEVELOPER)
    old, secret = laptop(by, Role.DEVELOPER)

    rotate_token(old, overlap=timedelta(0), by=by)

    assert in_force(secret) == "This token is expired."


def test_an_overlap_does_not_prolong_a_token(in_acme, actor):
    by = actor(Role.DEVELOPER)
    old, _ = laptop(by, Role.DEVELOPER, life=timedelta(hours=1))

    rotate_token(old, overlap=timedelta(days=7), by=by)

    assert ApiToken.objects.get(pk=old.pk).expires_at == old.expires_at


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_an_overlap_lasts_a_week_at_most(in_acme, actor, overlap):
    by = actor(Role.DEVELOPER)
    old, _ = laptop(by, Role.DEVELOPER)

    with pytest.raises(ValidationError) as refusal:
        rotate_token(old, overlap=overlap, by=by)

    assert list(refusal.value.message_dict) == ["overlap_hours"]
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"revoked_at": timezone.now()}, "This token is revoked"),
        ({"expires_at": timezone.now()}, "This token is expired"),
    ],
)
def test_a_token_that_is_over_has_no_successor(in_acme, actor, change, said):
    by = actor(Role.DEVELOPER)
    old, _ = laptop(by, Role.DEVELOPER)
    ApiToken.objects.update(**change)

    with pytest.raises(Refused, match=said):
        rotate_token(old, by=by)


def test_a_token_has_one_successor(in_acme, actor):
    by = actor(Role.DEVELOPER)
    old, _ = laptop(by, Role.DEVELOPER)
    rotate_token(old, by=by)

    with pytest.raises(Refused, match="rotated already"):
        rotate_token(old, by=by)

    assert ApiToken.objects.count() == 2


def test_nobody_rotates_and_so_sees_the_token_of_somebody_else(in_acme, actor):
    token, _ = laptop(actor(Role.DEVELOPER), Role.READER)

    with pytest.raises(Forbidden):
        rotate_token(token, by=actor(Role.ADMIN))

    assert list(ApiToken.objects.all()) == [token]


def test_a_program_rotates_its_own_token_and_no_other(in_acme, actor, machine):
    account, until, by = machine(Role.READER), timezone.now() + SOON, actor(Role.ADMIN)
    own, _ = create_service_token(account, "deploy", until, by=by)
    other, _ = create_service_token(account, "other", until, by=by)

    successor, _ = rotate_token(own, by=Actor.of_token(own))
    with pytest.raises(Forbidden):
        rotate_token(other, by=Actor.of_token(own))

    assert successor.service_account == account
    assert audit.find(in_acme).latest("sequence").actor == f"service account {account} (token deploy)"


def test_one_sees_ones_own_tokens_and_those_of_service_accounts(in_acme, actor, machine):
    until = timezone.now() + SOON
    mine, _ = laptop(actor(Role.DEVELOPER), Role.READER)
    theirs, _ = laptop(actor(Role.ADMIN), Role.READER)
    service, _ = create_service_token(machine(Role.READER), "deploy", until, by=actor(Role.ADMIN))

    seen = {who: set(visible_tokens(by=actor(who))) for who in Role}

    assert seen[Role.ADMIN] == {mine, theirs, service}
    assert seen[Role.DEVELOPER] == {mine, service}
    assert seen[Role.READER] == {service}
    assert set(visible_tokens(by=Actor.of_token(mine))) == {mine, service}
    assert set(visible_tokens(by=Actor.of_token(service))) == {service}


def test_a_token_has_exactly_one_holder(in_acme, actor, machine):
    token, _ = laptop(actor(Role.DEVELOPER), Role.READER)
    account = machine(Role.READER)

    for wrong in ({"service_account": account}, {"user": None}, {"roles": []}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiToken.objects.filter(pk=token.pk).update(**wrong)

    assert ServiceAccount.objects.count() == 1
