from django.db import models
from django.db.models import Q

from enclaves.blueprints import CloudWords, blueprint
from enclaves.lifecycle import ACCOUNT_MOVES, AccountState
from enclaves.models.base import Moving
from tenants.models import TenantOwned


class Cloud(models.TextChoices):
    AWS = "aws", "AWS"
    AZURE = "azure", "Azure"


class CloudAccount(Moving):
    """An AWS account or Azure subscription, registered by one tenant.

    Several tenants may register the same account; only one may hold it, which takes a proof.
    """

    moves = ACCOUNT_MOVES
    noun = "cloud account"

    cloud = models.CharField(max_length=10, choices=Cloud)
    number = models.CharField(max_length=36)  # the cloud's own id of the account
    title = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=20, choices=AccountState, default=AccountState.PENDING)
    holds = models.BooleanField(default=False)  # proved once, and not given up since
    external_id = models.CharField(max_length=80, unique=True)
    registration = models.CharField(max_length=40, unique=True)
    azure_tenant_id = models.CharField(max_length=36, blank=True)  # the Entra tenant of a subscription
    azure_client_id = models.CharField(max_length=36, blank=True)  # the observer's, handed in by the tenant
    facts = models.JSONField(default=dict)  # what proofs learned for the templates
    template_version = models.PositiveIntegerField(null=True)  # as found in the account
    problem = models.TextField(blank=True)
    frozen_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True)  # the last time that every check passed
    checked_at = models.DateTimeField(null=True)  # the last time that the checks ran
    next_check_at = models.DateTimeField(null=True)

    class Meta(Moving.Meta):
        constraints = [
            *Moving.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "cloud", "number"],
                condition=~Q(state=AccountState.REMOVED),
                name="account_once_per_tenant",
            ),
            models.UniqueConstraint(
                fields=["cloud", "number"], condition=Q(holds=True), name="account_one_holder"
            ),
        ]
        indexes = [models.Index(fields=["-registered_at", "-id"], name="fleet_account_by_age")]

    def __str__(self) -> str:
        return f"{self.cloud}:{self.number}"

    @property
    def words(self) -> CloudWords:
        """How the people of its cloud call things."""
        return blueprint(self.cloud).words

    @property
    def takes_changes(self) -> bool:
        return self.state == AccountState.VERIFIED and self.frozen_at is None


class AccountCheck(TenantOwned):
    """The last answer of one check of an account, or of one of its enclaves."""

    account = models.ForeignKey(CloudAccount, on_delete=models.PROTECT, related_name="checks")
    enclave = models.ForeignKey(
        "enclaves.Enclave", null=True, on_delete=models.PROTECT, related_name="checks"
    )
    position = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=20)
    code = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20, default="waiting")  # or "running", or an Outcome
    advice = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["position"]
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "account", "enclave", "code"],
                nulls_distinct=False,
                name="check_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.outcome}"
