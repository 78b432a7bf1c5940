"""What is said of tokens, to whom, and when no more."""

from datetime import timedelta

import pytest
from django.db.transaction import atomic
from django.utils import timezone

from tenants import tasks
from tenants.kinds import Kind
from tenants.models import ApiToken, Letter, Membership, Notification
from tenants.notifications import KEEP, KEEP_LETTERS, notify, seen_by
from tenants.policy import Role
from tenants.scope import tenant_scope
from tenants.services.members import remove_member
from tenants.services.revocation import revoke_token
from tenants.services.service_accounts import create_service_account
from tenants.services.token_news import watch_tokens
from tenants.services.tokens import create_service_token, create_token, rotate_token

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "system"])]


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def token(in_acme, actor) -> ApiToken:
    """A developer's token that lives for a month."""
    return create_token("ci", ["reader"], in_days(30), by=actor(Role.DEVELOPER))[0]


def grow_old(token: ApiToken, *, left: float, lived: float = 30) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=in_days(left), created_at=in_days(-lived))


def held() -> list[str]:
    return list(Notification.objects.filter(ended_at=None).values_list("title", flat=True))


def readers() -> list[str]:
    return sorted(Letter.objects.values_list("user__email", flat=True))


def test_admins_and_its_person_learn_that_a_token_was_made_and_others_do_not(token, actor):
    (row,) = Notification.objects.all()

    assert (row.title, row.detail) == (
        "The token ci of developer@acme.example was made",
        "By developer@acme.example.",
    )
    assert readers() == ["admin@acme.example", "developer@acme.example"]
    assert not seen_by(actor(Role.READER)).exists()


def test_the_token_of_a_service_account_concerns_the_admins(in_acme, actor):
    admin = actor(Role.ADMIN)
    account = create_service_account("deploy", ["reader"], by=admin)

    create_service_token(account, "ci", in_days(30), by=admin)

    assert Notification.objects.get().title == "The token ci of deploy was made"
    assert readers() == ["admin@acme.example"]


def test_a_revoked_or_replaced_token_is_told_to_its_person(token, actor):
    successor, _ = rotate_token(token, by=actor(Role.DEVELOPER))
    revoke_token(successor, by=actor(Role.ADMIN))

    told = list(Notification.objects.order_by("begun_at").values_list("kind", flat=True))
    assert told == [Kind.TOKEN_CREATED, Kind.TOKEN_ROTATED, Kind.TOKEN_REVOKED]
    assert readers().count("developer@acme.example") == 3


@pytest.mark.parametrize(
    ("left", "lived", "is_told"),
    [(6.9, 30, True), (7.1, 30, False), (6, 1, False), (2, 3, True), (-0.1, 30, False)],
)
def test_a_token_is_spoken_of_in_its_last_seven_days_and_second_half(token, left, lived, is_told):
    grow_old(token, left=left, lived=lived)

    watch_tokens()

    assert bool(held()) == is_told


def test_the_end_is_told_once_with_its_moment(token):
    grow_old(token, left=3)
    Letter.objects.all().delete()

    for _ in range(3):
        watch_tokens()

    token.refresh_from_db()
    assert held() == [f"The token ci of {token.holder} ends on {token.expires_at:%-d %B %Y, %H:%M} UTC"]
    assert readers() == ["admin@acme.example", "developer@acme.example"]


def test_a_token_that_was_revoked_replaced_or_is_over_is_no_worry_any_more(in_acme, actor):
    by = actor(Role.DEVELOPER)
    Membership.objects.update(joined_at=in_days(-60))
    revoked, rotated, over = (create_token(name, ["reader"], in_days(30), by=by)[0] for name in "abc")
    for token in (revoked, rotated, over):
        grow_old(token, left=3)
    watch_tokens()
    before = len(held())

    revoke_token(revoked, by=by)
    rotate_token(ApiToken.objects.get(pk=rotated.pk), by=by)
    at_once = len(held())
    grow_old(over, left=-0.1)
    watch_tokens()

    assert (before, at_once, held()) == (3, 1, [])
    assert not Letter.objects.filter(is_end=True).exists()


def test_whose_person_is_gone_is_told_of_as_one_thing(token, actor):
    grow_old(token, left=3)
    watch_tokens()

    remove_member(actor(Role.DEVELOPER).membership, by=actor(Role.ADMIN))

    kinds = set(Notification.objects.values_list("kind", flat=True))
    assert (held(), Kind.TOKEN_REVOKED in kinds, Kind.MEMBER_REMOVED in kinds) == ([], False, True)


def test_each_tenant_is_told_of_its_own(token, actor, globex):
    other = actor(Role.ADMIN, globex)
    with tenant_scope(globex.pk):
        theirs = create_token("theirs", ["reader"], in_days(30), by=other)[0]
        grow_old(theirs, left=3)
    grow_old(token, left=3)

    watch_tokens()

    assert ["theirs" in title for title in held()] == [False]
    with tenant_scope(globex.pk):
        assert ["theirs" in title for title in held()] == [True]


def test_what_was_told_long_ago_is_forgotten_and_what_holds_is_not(in_acme):
    with atomic():
        for kind in (Kind.MEMBER_JOINED, Kind.ACCOUNT_DEGRADED):
            notify(kind, tenant=in_acme, source="x", title="Long ago")
    long_ago = timezone.now() - KEEP - timedelta(days=1)
    Notification.objects.update(begun_at=long_ago)
    Notification.objects.exclude(ended_at=None).update(ended_at=long_ago)
    Letter.objects.update(made_at=timezone.now() - KEEP_LETTERS - timedelta(days=1), due_at=None)

    tasks.tidy()

    assert (list(Notification.objects.values_list("kind", flat=True)), Letter.objects.count()) == (
        [Kind.ACCOUNT_DEGRADED],
        0,
    )
