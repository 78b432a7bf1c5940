"""Keys for programs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.models.members import ROLE_CHOICES
from tenants.models.tenants import TenantOwned


class ApiToken(TenantOwned):
    """A key for programs. Belongs to the tenant; only a hash of the secret is kept."""

    name = models.CharField(max_length=80)
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))
    prefix = models.CharField(max_length=12)  # the first characters of the secret, to recognise it by
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(condition=models.Q(roles__len__gt=0), name="token_has_a_role"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "active"
