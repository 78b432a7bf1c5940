"""The vendor's people, and the record of what was done to and by them outside of any tenant."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from tenants.policy import StaffRole

STAFF_ROLE_CHOICES = [(role.value, role.value) for role in StaffRole]


class StaffMember(models.Model):
    """One of the vendor's people, with roles that add up. Kept when they leave, as inactive.

    The database ties ``is_active`` to the user's ``is_staff``, and lets no user be staff and a member.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff")
    roles = ArrayField(models.CharField(max_length=20, choices=STAFF_ROLE_CHOICES))
    is_active = models.BooleanField(default=True)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(roles__len__gt=0), name="staff_has_a_role"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class StaffEvent(models.Model):
    """What was done among staff, or to what all tenants share.

    Written once by tenants.staff_log, never changed.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now)
    actor_id = models.UUIDField(null=True)  # null: whoever has a shell on the machine
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=254)
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        indexes = [models.Index(fields=["-recorded_at", "-id"], name="staff_event_by_age")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
