"""Who is told of what, and for how long it is said."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.invitations import accept_invitation, invite_member, open_link
from tenants.kinds import RULES, Kind
from tenants.models import Letter, MailPreference, Membership, Notification
from tenants.notifications import MOST_AN_HOUR, WRITE_AGAIN, clear, conditions, count_unseen, notify, seen_by
from tenants.policy import Role, allows
from tenants.scope import enter_tenant, tenant_scope
from tenants.services.members import change_roles, leave_tenant, remove_member

SOURCE = "account:1"
DEGRADED, JOINED = Kind.ACCOUNT_DEGRADED, Kind.MEMBER_JOINED


@pytest.fixture
def tell(in_acme):
    """Tell acme of something: ``tell(Kind.HOST_FAILED, title="2 hosts failed")``."""

    def make(kind=DEGRADED, *, title="It is degraded", source=SOURCE, **words) -> Notification:
        return notify(kind, tenant=in_acme, source=source, title=title, **words)

    return make


def readers() -> list[str]:
    return sorted(Letter.objects.values_list("user__email", flat=True))


def send_all() -> None:
    Letter.objects.filter(sent_at=None).update(due_at=None, sent_at=timezone.now())


def test_a_condition_is_said_once_however_often_it_is_found(tell):
    for _ in range(3):
        tell()

    assert (Notification.objects.count(), Letter.objects.count()) == (1, 1)


def test_new_words_replace_the_old_ones_in_place(tell):
    first = tell(title="1 host failed")

    tell(title="2 hosts failed", detail="One more.")

    (row,) = Notification.objects.all()
    assert (row.pk, row.title, row.detail) == (first.pk, "2 hosts failed", "One more.")
    assert (row.begun_at, row.changed_at > row.begun_at) == (first.begun_at, True)


def test_a_condition_that_changes_is_written_about_again_after_an_hour_and_not_sooner(tell):
    tell(title="1 host failed")
    tell(title="2 hosts failed")
    soon = Letter.objects.count()
    Notification.objects.update(told_at=timezone.now() - WRITE_AGAIN)

    tell(title="3 hosts failed")

    assert (soon, Letter.objects.count()) == (1, 2)


def test_a_condition_that_came_back_is_a_new_one(tell, in_acme):
    tell()
    clear(DEGRADED, tenant=in_acme, source=SOURCE)

    tell()

    assert [row.is_open for row in Notification.objects.order_by("begun_at")] == [False, True]


def test_the_end_is_told_to_those_who_were_told_of_the_beginning(tell, in_acme):
    tell()
    send_all()

    clear(DEGRADED, tenant=in_acme, source=SOURCE)

    assert list(Letter.objects.filter(sent_at=None).values_list("is_end", "user__email")) == [
        (True, "admin@acme.example")
    ]


def test_what_is_over_before_it_was_sent_is_not_sent_at_all(tell, in_acme):
    tell()

    clear(DEGRADED, tenant=in_acme, source=SOURCE)

    (letter,) = Letter.objects.all()
    assert (letter.state, letter.problem) == ("dropped", "It was over before this was sent.")


def test_clearing_what_does_not_hold_changes_nothing(tell, in_acme):
    tell()

    clear(Kind.ACCOUNT_INSECURE, tenant=in_acme, source=SOURCE)
    clear(DEGRADED, tenant=in_acme, source="account:2")

    assert Notification.objects.filter(ended_at=None).count() == 1


def test_news_is_over_at_once_and_never_replaced(tell):
    for _ in range(2):
        tell(JOINED)

    assert [row.ended_at == row.changed_at for row in Notification.objects.all()] == [True, True]


def test_a_title_is_one_line_of_bounded_length(tell):
    row = tell(title="a\r\nBcc: eve@globex.example\n" + "x" * 300)

    assert (row.title[:27], len(row.title)) == ("a Bcc: eve@globex.example x", 200)


def test_a_kind_writes_to_its_roles_alone(tell, actor):
    for role in Role:
        actor(role)

    tell(JOINED)

    assert readers() == ["admin@acme.example"]


def test_who_has_chosen_gets_what_they_chose(tell, actor):
    reader, admin = actor(Role.READER), actor(Role.ADMIN)
    for member, wanted in ((reader.membership, True), (admin.membership, False)):
        MailPreference.objects.create(tenant=member.tenant, member=member, kind=DEGRADED, wanted=wanted)

    tell()
    tell(JOINED)

    assert readers() == ["admin@acme.example", "reader@acme.example"]


def test_nobody_is_written_to_about_what_they_may_not_see(tell, actor):
    reader = actor(Role.READER).membership
    MailPreference.objects.create(tenant=reader.tenant, member=reader, kind=Kind.TOKEN_CREATED, wanted=True)

    tell(Kind.TOKEN_CREATED)

    assert readers() == ["admin@acme.example"]


def test_people_who_are_named_see_it_and_are_written_to(tell, actor):
    reader, other = actor(Role.READER), actor(Role.DEVELOPER)

    row = tell(Kind.TOKEN_EXPIRING, people=[reader.id])

    assert readers() == ["admin@acme.example", "reader@acme.example"]
    assert [list(seen_by(one)) for one in (reader, other)] == [[row], []]


def test_who_was_removed_is_told_and_who_was_shut_out_is_not(tell, actor):
    gone, shut_out = actor(Role.READER), actor(Role.DEVELOPER)
    remove_member(gone.membership, by=actor(Role.ADMIN))
    shut_out.membership.user.is_active = False
    shut_out.membership.user.save()
    Letter.objects.all().delete()

    tell(Kind.MEMBER_REMOVED, people=[gone.id, shut_out.id])

    assert readers() == ["admin@acme.example", "reader@acme.example"]


def test_who_gets_other_roles_is_told_together_with_the_admins(in_acme, actor):
    reader, admin = actor(Role.READER), actor(Role.ADMIN)

    change_roles(reader.membership, [Role.DEVELOPER], by=admin)

    (row,) = Notification.objects.all()
    assert (row.kind, row.title) == (
        Kind.MEMBER_ROLES_CHANGED,
        "reader@acme.example is developer now, and was reader",
    )
    assert (row.detail, readers()) == (
        "By admin@acme.example.",
        ["admin@acme.example", "reader@acme.example"],
    )


def test_who_leaves_is_told_nothing_about_it(in_acme, actor):
    leave_tenant(by=actor(Role.READER))

    (row,) = Notification.objects.all()
    assert (row.title, row.detail, readers()) == ("reader@acme.example left", "", ["admin@acme.example"])


def test_an_invitation_stands_on_the_page_and_who_accepts_is_written_about(in_acme, actor, posted, proven):
    secret = posted(invite_member, "bob@acme.example", ["reader"], by=actor(Role.ADMIN))
    invited = Letter.objects.exclude(notification=None).count()

    accept_invitation(open_link(secret), by=proven("bob@acme.example"))

    enter_tenant(in_acme.pk)
    titles = list(Notification.objects.order_by("begun_at").values_list("title", flat=True))
    assert titles == ["bob@acme.example is invited, as reader", "bob@acme.example joined, as reader"]
    assert (invited, Letter.objects.exclude(notification=None).count()) == (0, 1)


def test_a_flood_reaches_the_page_and_no_mailbox(tell):
    for number in range(MOST_AN_HOUR + 3):
        tell(JOINED, source=f"member:{number}")

    assert (Notification.objects.count(), Letter.objects.count()) == (MOST_AN_HOUR + 3, MOST_AN_HOUR)


def test_what_is_new_is_counted_until_it_was_seen(tell, actor):
    reader = actor(Role.READER)
    tell()
    tell(JOINED)

    before = count_unseen(reader)
    Membership.objects.update(seen_until=timezone.now() + timedelta(seconds=1))

    assert (before, count_unseen(actor(Role.READER))) == (2, 0)


def test_the_bell_does_not_ring_for_what_one_did_oneself(tell, actor):
    admin, reader = actor(Role.ADMIN), actor(Role.READER)

    tell(JOINED, by=admin)

    assert [count_unseen(one) for one in (admin, reader)] == [0, 1]


def test_another_tenant_is_told_nothing(tell, actor, globex):
    tell()

    with tenant_scope(globex.pk):
        other = actor(Role.ADMIN, globex)
        assert (conditions(other), count_unseen(other), Letter.objects.count()) == ([], 0, 0)


def test_telling_costs_the_same_for_a_few_members_as_for_many(
    tell, in_acme, new_user, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12) as before:
        tell(JOINED)
    for number in range(20):
        user = new_user(f"a{number}@acme.example")
        Membership.objects.create(tenant=in_acme, user=user, roles=[Role.ADMIN])

    with django_assert_num_queries(len(before)):
        tell(JOINED)


def test_every_kind_has_its_rule():
    assert list(RULES) == list(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_whoever_a_kind_writes_to_may_see_it(kind):
    rule = RULES[kind]

    assert [role for role in rule.mail_to if not allows([role], rule.seen_by)] == []
