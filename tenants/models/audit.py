"""The record of what was done in a tenant, and what proves that it was not changed."""

from django.db import models

from tenants.models.tenants import TenantOwned


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
