"""Who may get onto which hosts until when, what came of it, and what was recorded meanwhile."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from enclaves.lifecycle import ACCESS_MOVES, GRANTED, AccessEnd, AccessState
from enclaves.models.base import Moving
from enclaves.models.deployments import Deployment
from enclaves.models.hosts import Host
from enclaves.models.zones import Enclave
from tenants.models import TenantOwned

SHORTEST, LONGEST = 15, 24 * 60  # minutes that a grant may last


def said_length(minutes: int) -> str:
    """The length of a grant as people say it: "30 min", "4 hours"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} hour{'' if hours == 1 else 's'}"


class AccessRules(TenantOwned):
    """What a tenant has laid down for itself. Without a row: a day at most, and its own admins decide."""

    longest_minutes = models.PositiveIntegerField(default=LONGEST)
    delegates = models.BooleanField(default=False)  # approvers of the vendor may decide for the tenant

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant"], name="access_rules_once"),
            models.CheckConstraint(
                condition=Q(longest_minutes__gte=SHORTEST, longest_minutes__lte=LONGEST),
                name="access_ceiling_in_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.longest_minutes} min"


class AccessRequest(Moving):
    """The wish of a named person to get onto named hosts, and the permission that came of it.

    The database itself refuses a decision by whoever asked.
    """

    moves = ACCESS_MOVES
    noun = "access request"

    class Side(models.TextChoices):
        TENANT = "tenant"
        VENDOR = "vendor"

    name = models.CharField(max_length=30, unique=True)  # what one signs in as: grant-…
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_as = models.CharField(max_length=200)  # the person as the audit calls them
    side = models.CharField(max_length=10, choices=Side)  # which the person is of
    enclave = models.ForeignKey(Enclave, on_delete=models.PROTECT, related_name="access_requests")
    deployment = models.ForeignKey(
        Deployment, null=True, on_delete=models.PROTECT, related_name="access_requests"
    )
    hosts = models.ManyToManyField(Host, through="AccessHost", related_name="access_requests")
    extends = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="extensions")
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=80, blank=True)
    minutes_asked = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=AccessState, default=AccessState.REQUESTED)
    requested_at = models.DateTimeField(default=timezone.now)
    lapses_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_as = models.CharField(max_length=200, blank=True)
    decided_for = models.CharField(max_length=10, choices=Side, blank=True)
    note = models.CharField(max_length=500, blank=True)  # of whoever decided, to whoever asked
    minutes_given = models.PositiveIntegerField(null=True)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=200, blank=True)
    end_reason = models.CharField(max_length=10, choices=AccessEnd, blank=True)
    nothing_left_at = models.DateTimeField(null=True)  # when it was found that no login or process is left
    problem = models.TextField(blank=True)

    class Meta(Moving.Meta):
        constraints = [
            *Moving.Meta.constraints,
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("person")), name="access_decided_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=GRANTED)
                | Q(decided_by__isnull=False, begins_at__isnull=False, ends_at__gt=F("begins_at")),
                name="access_granted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(minutes_asked__gte=SHORTEST, minutes_asked__lte=LONGEST),
                name="access_asked_in_reason",
            ),
            models.CheckConstraint(
                condition=Q(minutes_given=None)
                | Q(minutes_given__gte=SHORTEST, minutes_given__lte=F("minutes_asked")),
                name="access_never_lengthened",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-requested_at", "-id"], name="access_by_age"),
            models.Index(fields=["tenant", "state"], name="access_by_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def opens_now(self) -> bool:
        """Whether it lets its person in at this moment, as far as this row knows."""
        return self.state in GRANTED and self.ends_at is not None and timezone.now() < self.ends_at


class AccessHost(TenantOwned):
    """One of the hosts that a request names."""

    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="places")
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "request", "host"], name="access_host_once"),
        ]

    def __str__(self) -> str:
        return str(self.host)


class AccessCertificate(TenantOwned):
    """A certificate that was signed for a person's own key. Each one is kept."""

    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="certificates")
    serial = models.PositiveBigIntegerField(unique=True)
    fingerprint = models.CharField(max_length=60)  # of the person's public key, SHA256:…
    key_kind = models.CharField(max_length=60)
    certificate = models.TextField()  # public; opens nothing without the key
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        ordering = ["issued_at", "id"]

    def __str__(self) -> str:
        return f"{self.serial} {self.fingerprint}"


class AccessSession(TenantOwned):
    """One person on one host, from login to the last process."""

    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="sessions")
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="access_sessions")
    fingerprint = models.CharField(max_length=60)
    source = models.GenericIPAddressField()
    gateway = models.CharField(max_length=80)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)  # when the gateway last told of it
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, blank=True)
    nothing_left_at = models.DateTimeField(null=True)  # when the host said that no process of it lives
    recorded = models.PositiveBigIntegerField(default=0)  # characters of the recording
    sha256 = models.CharField(max_length=64, blank=True)  # of the whole recording, once it is closed

    class Meta(TenantOwned.Meta):
        constraints = TenantOwned.Meta.constraints
        ordering = ["opened_at", "id"]
        indexes = [models.Index(fields=["tenant", "request"], name="access_session_by_request")]

    def __str__(self) -> str:
        return f"{self.request} on {self.host}"


class RecordingChunk(TenantOwned):
    """A piece of a recording (asciicast v2, whole lines), in the order of its offsets."""

    session = models.ForeignKey(AccessSession, on_delete=models.PROTECT, related_name="chunks")
    offset = models.PositiveBigIntegerField()  # characters before this piece
    text = models.TextField()

    class Meta(TenantOwned.Meta):
        ordering = ["offset"]
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "session", "offset"], name="recording_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session} from {self.offset}"


class Agent(TenantOwned):
    """What runs on a host for us: how it proved what it is, and when it was last heard of."""

    host = models.OneToOneField(Host, on_delete=models.PROTECT, related_name="agent")
    key = models.CharField(max_length=64)  # fingerprint of the one key that it keeps for life
    ssh_key = models.CharField(max_length=60)  # the same of its SSH host key
    enrolled_at = models.DateTimeField()
    renewed_at = models.DateTimeField()
    not_after = models.DateTimeField()
    version = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)  # as told by the host: load, disk, kernel, version of sshd …

    class Meta(TenantOwned.Meta):
        constraints = TenantOwned.Meta.constraints

    def __str__(self) -> str:
        return f"agent of {self.host}"
