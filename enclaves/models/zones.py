from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from enclaves.lifecycle import ENCLAVE_MOVES, EnclaveState
from enclaves.models.accounts import Cloud, CloudAccount
from enclaves.models.base import Moving


class Zone(models.Model):
    """A place where the vendor offers to run. Data: operators edit it as staff."""

    name = models.CharField(max_length=60, primary_key=True)
    environment = models.CharField(max_length=20)
    cloud = models.CharField(max_length=10, choices=Cloud)
    region = models.CharField(max_length=30)
    availability_zone_ids = ArrayField(models.CharField(max_length=30))
    is_open = models.BooleanField("open for new enclaves", default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Enclave(Moving):
    """One cloud account × one zone: one network, and everything of that zone in it."""

    moves = ENCLAVE_MOVES
    noun = "enclave"

    account = models.ForeignKey(CloudAccount, on_delete=models.PROTECT, related_name="enclaves")
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="enclaves")
    state = models.CharField(max_length=20, choices=EnclaveState, default=EnclaveState.PENDING)
    problem = models.TextField(blank=True)
    resources = models.JSONField(default=dict)  # what the last good proof found, by name
    quota = models.JSONField(default=dict)  # vCPUs left by family, and of all under ""; empty: not known
    unexplained = models.JSONField(default=list)  # machines in its network that no row explains
    created_at = models.DateTimeField(auto_now_add=True)
    proved_at = models.DateTimeField(null=True)
    reconciled_at = models.DateTimeField(null=True)

    class Meta(Moving.Meta):
        constraints = [
            *Moving.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "account", "zone"],
                condition=~Q(state=EnclaveState.REMOVED),
                name="enclave_once",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="fleet_enclave_by_age")]

    def __str__(self) -> str:
        return f"{self.account}/{self.zone_id}"


class MachineType(models.Model):
    """A machine type of a cloud region, as the worker last found it. The same for all tenants."""

    cloud = models.CharField(max_length=10, choices=Cloud)
    region = models.CharField(max_length=30)
    name = models.CharField(max_length=60)
    vcpu = models.PositiveIntegerField()
    memory_mib = models.PositiveIntegerField()
    architecture = models.CharField(max_length=10)
    family = models.CharField(max_length=80, blank=True)  # what quota is counted by, where there is one
    confidential = ArrayField(models.CharField(max_length=20), default=list)
    availability_zone_ids = ArrayField(models.CharField(max_length=30))
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cloud", "region", "name"], name="machine_type_once"),
        ]

    def __str__(self) -> str:
        return self.name


class HostImage(models.Model):
    """The newest host image of a region for an architecture, as the worker last found it."""

    cloud = models.CharField(max_length=10, choices=Cloud)
    region = models.CharField(max_length=30)
    architecture = models.CharField(max_length=10)
    image_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cloud", "region", "architecture"], name="host_image_once"),
        ]

    def __str__(self) -> str:
        return self.name
