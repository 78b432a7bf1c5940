"""Tenants, and what everything that belongs to one has in common."""

from uuid import uuid4

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

TENANT_NAME = r"\A[a-z][a-z0-9-]{1,30}\Z"


class Tenant(models.Model):
    """A customer of the vendor: the boundary that nothing may cross."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(
        max_length=31,
        unique=True,
        validators=[
            RegexValidator(
                TENANT_NAME,
                "Use 2 to 31 small letters, digits and dashes; begin with a letter.",
            )
        ],
    )
    title = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    frozen_at = models.DateTimeField(null=True, editable=False)
    requires_second_factor = models.BooleanField(default=False, editable=False)
    # The gate asks these with every request; what else there is to single sign-on stands in SignOn.
    sign_on_since = models.DateTimeField(null=True, editable=False)  # older sessions are over
    requires_sign_on = models.BooleanField(default=False, editable=False)
    trusts_sign_on_factor = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name__regex="^[a-z][a-z0-9-]{1,30}$"),
                name="tenant_name_is_a_slug",
            ),
            models.CheckConstraint(
                condition=models.Q(requires_sign_on=False) | models.Q(sign_on_since__isnull=False),
                name="tenant_requires_what_it_has",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TenantOwned(models.Model):
    """Base of everything that belongs to one tenant.

    The pair (tenant, id) is unique, so that references can carry the tenant. A migration that makes such
    a table adds EnableTenantIsolation, and a TenantForeignKey for each reference to another one.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="%(class)ss", editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="%(app_label)s_%(class)s_tenant_id"),
        ]
