from django.db import models
from django.db.models import Q

from enclaves.lifecycle import HOST_MOVES, HostState
from enclaves.models.base import Moving
from enclaves.models.deployments import Deployment
from enclaves.models.zones import Enclave
from tenants.models import TenantOwned


class Host(Moving):
    """One virtual machine that the portal made, or is about to make."""

    moves = HOST_MOVES
    noun = "host"

    enclave = models.ForeignKey(Enclave, on_delete=models.PROTECT, related_name="hosts")
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="hosts")
    cluster = models.CharField(max_length=40)
    number = models.PositiveIntegerField()  # within its cluster
    name = models.CharField(max_length=60)
    state = models.CharField(max_length=20, choices=HostState, default=HostState.PLANNED)
    want_to_retire = models.BooleanField(default=False)
    machine = models.CharField(max_length=60)
    architecture = models.CharField(max_length=10)
    vcpu = models.PositiveIntegerField()
    memory_mib = models.PositiveIntegerField()
    disk_gib = models.PositiveIntegerField()
    confidential = models.CharField(max_length=20, default="none")
    availability_zone_id = models.CharField(max_length=30)
    image_id = models.CharField(max_length=200)
    instance_id = models.CharField(max_length=200, blank=True)
    identity = models.CharField(max_length=60, blank=True)  # as the cloud's identity documents call it
    user_data = models.TextField(blank=True)  # what it was told at its birth; the same in each try
    private_ipv4 = models.CharField(max_length=15, blank=True)
    ipv6 = models.CharField(max_length=45, blank=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(auto_now_add=True)
    deadline_at = models.DateTimeField(null=True)  # a moving state is stuck after this
    launch_tried_at = models.DateTimeField(null=True)  # written before the cloud is asked
    launch_count = models.PositiveIntegerField(default=0)
    cloud_operation = models.TextField(blank=True)  # where the cloud tells how the launch goes
    follow_at = models.DateTimeField(null=True)  # when the cloud wants to be asked about it again

    class Meta(Moving.Meta):
        ordering = ["cluster", "number"]
        constraints = [
            *Moving.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "deployment", "cluster", "number"],
                condition=~Q(state__in=[HostState.DEPROVISIONED, HostState.FAILED, HostState.RETIRING]),
                name="host_number_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "enclave", "state"], name="host_by_enclave"),
            models.Index(fields=["tenant", "-created_at", "-id"], name="host_by_age"),
            models.Index(fields=["-created_at", "-id"], name="fleet_host_by_age"),
            models.Index(
                fields=["deadline_at"], condition=Q(deadline_at__isnull=False), name="host_by_deadline"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HostMove(TenantOwned):
    """One step in the life of a host: who moved it, when, and why."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="timeline")
    origin = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20)
    by = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["at"], condition=Q(target=HostState.FAILED), name="fleet_host_failed_at"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} → {self.target}"
