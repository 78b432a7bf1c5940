"""What the portal asks of a cloud. Providers know no Django and no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

# What the zone template made, by the portal's names for it. Only the provider that found these reads
# them; everybody else stores and shows them.
type ZoneResources = Mapping[str, Any]


class Trouble(StrEnum):
    """Why a cloud did not do what it was asked; it decides whether, and when, to try again."""

    REFUSED = "refused"  # it said no: a permission, a policy, a wrong id
    INVALID = "invalid"  # it cannot do this, and will not be able to
    THROTTLED = "throttled"  # it said "slow down"
    UNAVAILABLE = "unavailable"  # no answer, or a 5xx: nobody knows whether it was done
    NO_CAPACITY = "no_capacity"  # it has no such machine to give at the moment
    QUOTA = "quota"  # the account's own limit is reached


class ProviderError(Exception):
    """A cloud refused or failed.

    ``code`` is the cloud's own name for the error, ``action`` the call that met it, ``retry_after`` the
    seconds after which the cloud wants to be asked again, where it said so.
    """

    PERMANENT = frozenset({Trouble.REFUSED, Trouble.INVALID})

    def __init__(
        self,
        message: str,
        *,
        trouble: Trouble,
        code: str = "",
        action: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.code = code
        self.action = action
        self.retry_after = retry_after

    @property
    def permanent(self) -> bool:
        """Say that the same call will fail again until somebody changes something."""
        return self.trouble in self.PERMANENT


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the cloud gave no clear answer; never counts as a pass
    SKIPPED = "skipped"  # makes no sense before an earlier check passes


class CheckGroup(StrEnum):
    PROOF = "proof"  # the account answers and is the one that was registered
    STRANGERS = "strangers"  # nobody else gets in
    PERMISSIONS = "permissions"  # the roles may do what they must
    ZONE = "zone"  # each thing that the zone template makes


@dataclass(frozen=True)
class CheckDefinition:
    """A line on the account's page, there before the check ran for the first time."""

    code: str
    group: CheckGroup
    title: str


@dataclass(frozen=True)
class Finding:
    """What one check found; ``advice`` is what to do when it did not pass.

    ``facts`` are what the check learned of the account on the way, to be kept for its templates.
    """

    code: str
    outcome: Outcome
    title: str
    advice: str = ""
    evidence: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Claim:
    """A tenant's registration of an account: what makes the binding unique to tenant × account.

    Where a cloud trusts an external id, the first canary is what another tenant would present; where it
    trusts a subject that names the tenant, the second is the tenant that must be refused.
    """

    account: str  # the cloud's own id, without the prefix: "111122223333"
    registration: str
    external_id: str = field(repr=False)
    canary_id: str = field(repr=False)
    template_version: int
    tenant: str = ""
    directory: str = ""  # the Entra tenant of the subscription
    client_id: str = ""  # of the observer; empty until the tenant has handed it in
    canary_tenant: str = ""


@dataclass(frozen=True)
class Place:
    """A zone inside the account of a claim."""

    zone: str
    region: str
    availability_zone_ids: tuple[str, ...]
    template_version: int


@dataclass(frozen=True)
class ZoneProof:
    findings: tuple[Finding, ...]
    resources: ZoneResources  # empty unless every check passed
    # How many more vCPUs the account may have: by family, and of all families under "". Empty: not known.
    quota: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class MachineOffer:
    """A machine type that a region offers."""

    name: str
    vcpu: int
    memory_mib: int
    architecture: str  # "arm64" | "x86_64"
    confidential: tuple[str, ...]  # of "vm", "enclave"
    availability_zone_ids: tuple[str, ...]
    family: str = ""  # what the account's quota is counted by, where the cloud has one


@dataclass(frozen=True)
class ImageOffer:
    """The newest host image of a region for an architecture."""

    image_id: str
    name: str
    architecture: str


@dataclass(frozen=True)
class Offers:
    machines: tuple[MachineOffer, ...]
    images: tuple[ImageOffer, ...]


@dataclass(frozen=True)
class HostOrder:
    """One machine to launch. The same ``token`` never makes a second machine."""

    host_id: str
    name: str
    token: str
    machine: str
    image_id: str
    disk_gib: int
    availability_zone_id: str
    confidential: str  # "none" | "vm" | "enclave"
    tags: Mapping[str, str]
    user_data: str = ""  # what the machine is told at its birth; nothing secret


class CloudHostState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"
    ENDING = "ending"
    GONE = "gone"
    FAILED = "failed"  # the cloud gave up making it; what is there of it has to be ended


@dataclass(frozen=True)
class CloudHost:
    """A machine as the cloud lists it. ``host_id`` is None where our tag is missing.

    ``operation`` is where the cloud will tell how the launch goes; empty where the listing says it all.
    """

    instance_id: str
    host_id: str | None
    state: CloudHostState
    machine: str = ""
    availability_zone_id: str = ""
    private_ipv4: str = ""
    ipv6: str = ""
    public_ipv4: str = ""
    launched_at: datetime | None = None
    reason: str = ""
    operation: str = ""
    identity: str = ""  # what the cloud's identity documents call the machine


class ProgressState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """How far the cloud is with a launch; ``retry_after`` is when it wants to be asked again."""

    state: ProgressState
    retry_after: float | None = None
    error: ProviderError | None = None  # why it failed


class Provider(Protocol):
    """One cloud, seen with the rights that one claim gives.

    Every call is idempotent and raises only ProviderError. Nothing is called before it is needed.
    """

    def account_checks(self) -> Sequence[CheckDefinition]:
        """The checks of ``prove_account``, in the order in which they run."""

    def zone_checks(self) -> Sequence[CheckDefinition]:
        """The checks of ``prove_zone``, in the order in which they are shown."""

    def prove_account(self) -> Iterator[Finding]:
        """Run each account check, and yield what it found as soon as it is known.

        Errors of the cloud become findings; this raises nothing.
        """

    def prove_zone(self, place: Place) -> ZoneProof:
        """Find each thing that the zone template makes: exactly one of each, by tag."""

    def offers(self, place: Place) -> Offers:
        """List what machines and host images the zone's region has."""

    def list_hosts(self, place: Place) -> list[CloudHost]:
        """List every machine in the zone's network that is not gone for good, ours or not."""

    def healthy_hosts(self, place: Place, instance_ids: Sequence[str]) -> set[str]:
        """Say which of these machines pass the cloud's own status checks."""

    def launch(self, place: Place, resources: ZoneResources, order: HostOrder) -> CloudHost:
        """Launch one machine; repeating the order returns the machine of the first try."""

    def follow(self, place: Place, operation: str) -> Progress:
        """Ask how a launch goes that returned an operation."""

    def terminate(self, place: Place, instance_ids: Sequence[str]) -> None:
        """End machines; one that is already gone is no error."""
