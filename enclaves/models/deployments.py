from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from enclaves.lifecycle import DEPLOYMENT_MOVES, DeploymentState
from enclaves.models.base import Moving
from enclaves.models.zones import Enclave
from tenants.models import TenantOwned

APPLICATION_NAME = r"\A[a-z][a-z0-9-]{0,38}[a-z0-9]\Z"


class Application(TenantOwned):
    name = models.CharField(max_length=40, validators=[RegexValidator(APPLICATION_NAME)])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="application_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Deployment(Moving):
    """An application in one enclave. What it should be is its applied revision."""

    moves = DEPLOYMENT_MOVES
    noun = "deployment"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="deployments")
    enclave = models.ForeignKey(Enclave, on_delete=models.PROTECT, related_name="deployments")
    state = models.CharField(max_length=20, choices=DeploymentState, default=DeploymentState.PLANNED)
    applied = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(Moving.Meta):
        constraints = [
            *Moving.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "application", "enclave"],
                condition=~Q(state=DeploymentState.RETIRED),
                name="deployment_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} in {self.enclave}"


class Revision(TenantOwned):
    """One numbered, immutable spec of a deployment, and the plan that would make it true.

    The plan follows the world until the revision is applied; the spec never changes.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    spec = models.JSONField()
    source = models.TextField()  # as it was submitted, comments and all
    plan = models.JSONField()
    plan_hash = models.CharField(max_length=80)
    planned_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=200, blank=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-number"]
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "deployment", "number"], name="revision_once"),
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"
