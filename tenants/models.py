"""Users, tenants, who belongs where with which roles, and the record of what they did."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.policy import Role

TENANT_NAME = r"\A[a-z][a-z0-9-]{1,30}\Z"
ROLE_CHOICES = [(role.value, role.value) for role in Role]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **facts: Any) -> "User":
        user = self.model(email=email.strip().lower(), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **facts: Any) -> "User":
        return self.create_user(email, password, **{**facts, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do is said by their memberships, never by this row."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            # Two spellings of one address would be two users to us and one person to the mail server.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


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

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name__regex="^[a-z][a-z0-9-]{1,30}$"),
                name="tenant_name_is_a_slug",
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


class Membership(TenantOwned):
    """One person in one tenant, with roles that add up."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=ROLE_CHOICES))
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

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


class AuditEvent(TenantOwned):
    """Who did what, when, to what. Written once by tenants.audit, never changed."""

    sequence = models.PositiveBigIntegerField()
    recorded_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "sequence"], name="audit_sequence_once"),
        ]
        indexes = [models.Index(fields=["tenant", "recorded_at"], name="audit_by_time")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.action} {self.subject}"


class AuditHead(TenantOwned):
    """The end of a tenant's chain, kept apart from it, so that a tail that was cut off is missed.

    Its row is also the lock that makes the writers of one tenant take turns.
    """

    count = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True)
    verified_count = models.PositiveBigIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)  # what the last verification found

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="audit_head_once"),
        ]

    def __str__(self) -> str:
        return f"{self.count} events"


class AuditCheckpoint(TenantOwned):
    """What the portal signed of a chain at one moment; whoever kept it notices a chain that was rewritten.

    It covers the event that tells of it. Written once by tenants.audit, never changed.
    """

    sequence = models.PositiveBigIntegerField()  # of the last event that it covers
    hash = models.CharField(max_length=64)  # of that event
    tenant_name = models.CharField(max_length=31)  # as it was signed
    signed_at = models.DateTimeField()
    key_id = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)  # in small hexadecimal digits

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "sequence"], name="audit_checkpoint_once"),
        ]

    def __str__(self) -> str:
        return f"event {self.sequence}"


class IdempotentAnswer(TenantOwned):
    """The answer to a POST that carried an Idempotency-Key, for those who ask again."""

    actor_id = models.UUIDField()
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "actor_id", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
