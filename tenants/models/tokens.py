"""Keys for programs, and the accounts of programs that hold some of them."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from tenants.models.members import ROLE_CHOICES
from tenants.models.tenants import TenantOwned
from tenants.policy import Role, common

SERVICE_ACCOUNT_NAME = r"\A[a-z][a-z0-9-]{0,39}\Z"


class ServiceAccount(TenantOwned):
    """A program of the tenant, as a member is a person. It stays when whoever made it goes."""

    name = models.CharField(
        max_length=40,
        validators=[
            RegexValidator(
                SERVICE_ACCOUNT_NAME,
                "Use up to 40 small letters, digits and dashes; begin with a letter.",
            )
        ],
    )
    title = models.CharField(max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    disabled_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="service_account_name_once"),
            models.CheckConstraint(condition=models.Q(roles__len__gt=0), name="service_account_has_a_role"),
            models.CheckConstraint(
                condition=models.Q(name__regex="^[a-z][a-z0-9-]{0,39}$"),
                name="service_account_name_is_a_slug",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        return "active" if self.disabled_at is None else "disabled"


class ApiToken(TenantOwned):
    """A key for a program, held by one person or by one service account. Only a hash of the secret is kept.

    What it may at a moment depends on its holder: read it by tenants.tokens.with_holders, without which
    it may nothing.
    """

    name = models.CharField(max_length=80)
    service_account = models.ForeignKey(
        ServiceAccount, null=True, on_delete=models.PROTECT, related_name="tokens"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))  # a service account's has none
    prefix = models.CharField(max_length=12)  # the first characters of the secret, to recognise it by
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="successor")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(service_account=None, user__isnull=False, roles__len__gt=0)
                | models.Q(service_account__isnull=False, user=None, roles=[]),
                name="token_has_one_holder",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= timezone.now():
            return "expired"
        return "active" if self.roles_of_holder else "suspended"

    @property
    def roles_of_holder(self) -> list[str]:
        return getattr(self, "holder_roles", None) or []

    @property
    def roles_now(self) -> tuple[Role, ...]:
        """What it may at this moment: never more than its holder, and nothing once it is over."""
        if self.state != "active":
            return ()
        return common(self.roles or self.roles_of_holder, self.roles_of_holder)

    @property
    def is_personal(self) -> bool:
        return self.user_id is not None

    @property
    def holder(self) -> str:
        return str(self.user.email if self.user else self.service_account)

    @property
    def ends_at(self) -> datetime:
        return self.revoked_at or self.expires_at
