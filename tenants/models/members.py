"""Who belongs to a tenant, with which roles, and who is asked to."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.models.tenants import TenantOwned
from tenants.policy import Role

ROLE_CHOICES = [(role.value, role.value) for role in Role]


class Membership(TenantOwned):
    """One person in one tenant, with roles that add up."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_until = models.DateTimeField(default=timezone.now)  # notifications up to then were seen

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(roles__len__gt=0), name="membership_has_a_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class Invitation(TenantOwned):
    """A letter to an address. Whoever follows its link and proves to own the address becomes a member."""

    email = models.EmailField()
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))
    digest = models.CharField(max_length=64, unique=True)  # of the secret in the link, which is not kept
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    letters = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField(null=True)  # when the mail server took the last letter
    late_at = models.DateTimeField(null=True)  # when its link was first opened after its end
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=models.Q(roles__len__gt=0), name="invitation_has_a_role"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="invitation_ends_in_one_way",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def state(self) -> str:
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "pending"

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "expired")

    @property
    def ends_at(self) -> datetime:
        return self.accepted_at or self.revoked_at or self.expires_at
