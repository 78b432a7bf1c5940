"""Answers kept for those who ask again."""

from django.db import models
from django.utils import timezone

from tenants.models.tenants import TenantOwned


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
