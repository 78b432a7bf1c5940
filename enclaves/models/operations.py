from datetime import timedelta

from django.db import models
from django.db.models import Q

from enclaves.lifecycle import OPERATION_MOVES, OperationState
from enclaves.models.accounts import CloudAccount
from enclaves.models.base import Moving
from enclaves.models.deployments import Deployment, Revision
from enclaves.models.zones import Enclave
from tenants.models import TenantOwned


class Operation(Moving):
    """A piece of work that a worker does and a person can watch."""

    moves = OPERATION_MOVES
    noun = "operation"

    class Kind(models.TextChoices):
        VERIFY = "verify"
        DEPLOY = "deploy"
        RETIRE = "retire"

    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=200)
    account = models.ForeignKey(CloudAccount, on_delete=models.PROTECT, related_name="operations")
    enclave = models.ForeignKey(Enclave, null=True, on_delete=models.PROTECT, related_name="operations")
    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.PROTECT, related_name="operations")
    revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="operations")
    state = models.CharField(max_length=20, choices=OperationState, default=OperationState.QUEUED)
    steps = models.JSONField(default=list)  # [{"title", "state", "detail"}], see provisioning/operations.py
    outcome = models.TextField(blank=True)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(Moving.Meta):
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="operation_by_age"),
            models.Index(fields=["-created_at", "-id"], name="fleet_operation_by_age"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def steps_done(self) -> int:
        return sum(step["state"] == "done" for step in self.steps)

    @property
    def current_step(self) -> str:
        """What is being done at the moment, in words; empty between steps."""
        for step in self.steps:
            if step["state"] == "running":
                return f"{step['title']}: {step['detail']}" if step["detail"] else str(step["title"])
        return ""

    @property
    def lasted(self) -> timedelta | None:
        """How long it took, from the first hand laid on it; None while it is not over."""
        return self.ended_at - (self.started_at or self.created_at) if self.ended_at else None


class Event(models.Model):
    """Something that happened, in the order in which pages and streams tell it.

    ``topic`` names what changed (``account:<id>``, ``operation:<id>`` …). An event without a text is a
    mere nudge to look again; the others are the log of their operation.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="events")
    topic = models.CharField(max_length=60)
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=60, blank=True)
    tone = models.CharField(max_length=10, blank=True)  # "", "ok", "warn", "bad"
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["tenant", "id"], name="event_by_tenant"),
            models.Index(fields=["at"], condition=Q(operation__isnull=True), name="event_nudge_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.text}"


class Work(TenantOwned):
    """Something that a worker has to look at, again and again. The row is the truth, a message a nudge.

    Claimed with SKIP LOCKED for the time of a lease; the fence grows with every claim, so that a worker
    that comes back from the dead is refused. At most one worker holds a row.
    """

    class Kind(models.TextChoices):
        VERIFY = "verify"  # subject: an account
        RECONCILE = "reconcile"  # subject: an enclave
        ACCESS = "access"  # subject: an access request

    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.UUIDField()
    due_at = models.DateTimeField(null=True)  # null: nothing to do until somebody asks
    urgent = models.BooleanField(default=False)  # a person waits for it
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # in a row, without success
    problem = models.TextField(blank=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "kind", "subject"], name="work_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="work_by_due"),
            models.Index(fields=["lease_until"], name="work_by_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
