"""How the people of a tenant sign in with their own identity provider."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from tenants.models.members import Membership
from tenants.models.tenants import TenantOwned


class SignOn(TenantOwned):
    """The identity provider of a tenant. Whether it is in force, and required, stands on the tenant."""

    name = models.CharField(max_length=31, unique=True)  # the tenant's; how it is found before one is known
    issuer = models.CharField(max_length=300)
    client_id = models.CharField(max_length=200)
    sealed_secret = models.TextField(blank=True)  # a public client has none
    trusts_email = models.BooleanField(default=False)  # although the provider does not call it verified
    configured_at = models.DateTimeField(default=timezone.now)
    tested_at = models.DateTimeField(null=True)
    tested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    problem = models.CharField(max_length=300, blank=True)  # why the last one who came was turned away
    problem_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="sign_on_once"),
        ]

    def __str__(self) -> str:
        return self.issuer

    @property
    def has_secret(self) -> bool:
        return bool(self.sealed_secret)


class SignOnIdentity(TenantOwned):
    """A member, as the tenant's identity provider knows them. It ends with the membership."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    tied_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "issuer", "subject"], name="sign_on_subject_once"),
            models.UniqueConstraint(fields=["tenant", "membership", "issuer"], name="sign_on_member_once"),
        ]

    def __str__(self) -> str:
        return self.subject
