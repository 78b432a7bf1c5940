"""What people are told: on the pages, and by letters, each of which is a row before it is a mail."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.kinds import RULES, Kind, Rule
from tenants.models.members import Invitation, Membership
from tenants.models.tenants import TenantOwned


class Notification(TenantOwned):
    """Something that happened, or a condition that holds until it ends. Written by tenants.notifications.

    A source has at most one open condition of a kind: what is said of it is replaced in place.
    """

    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=80)  # whose condition it is, like "account:<id>"
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    link = models.CharField(max_length=300, blank=True)  # a path of ours
    people = ArrayField(models.UUIDField(), default=list)  # who is told beside those whom the kind tells
    actor_id = models.UUIDField(null=True)  # whose own act it was; that one need not be told by the bell
    begun_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)  # of news the moment itself
    told_at = models.DateTimeField(null=True)  # when letters were written last
    rounds = models.PositiveIntegerField(default=0)  # of letters

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "source", "kind"],
                condition=Q(ended_at=None),
                name="notification_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-changed_at", "-id"], name="notification_by_age"),
            models.Index(fields=["tenant", "source"], name="notification_by_source"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def rule(self) -> Rule:
        return RULES[Kind(self.kind)]

    @property
    def lasted(self) -> timedelta | None:
        return self.ended_at - self.begun_at if self.ended_at else None


class Letter(TenantOwned):
    """One mail to one person, about a notification or an invitation. Sent by a worker, see tenants.letters.

    It holds no text and no secret: what it says is made from the rows when it is sent.
    """

    notification = models.ForeignKey(
        Notification, null=True, on_delete=models.PROTECT, related_name="letters"
    )
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.PROTECT, related_name="posted")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveIntegerField()
    is_end = models.BooleanField(default=False)  # it tells that the condition is over
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, default=timezone.now)  # null: sent, or given up
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)  # when the mail server took it

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "notification", "user", "round"], name="letter_of_notification_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "invitation", "round"], name="letter_of_invitation_once"
            ),
            models.CheckConstraint(
                condition=Q(notification__isnull=False, user__isnull=False, invitation=None)
                | Q(notification=None, user=None, invitation__isnull=False),
                name="letter_has_one_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="letter_by_due"),
            models.Index(fields=["tenant", "user", "made_at"], name="letter_by_reader"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}"

    @property
    def state(self) -> str:
        if self.sent_at is not None:
            return "sent"
        return "dropped" if self.due_at is None else "waiting"


class MailPreference(TenantOwned):
    """That a member wants letters of one kind, or wants none, whatever the kind does by itself."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="mail_preferences")
    kind = models.CharField(max_length=40)
    wanted = models.BooleanField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "member", "kind"], name="mail_preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {'yes' if self.wanted else 'no'}"
