"""Whether the machine that a document speaks of is the host that the portal launched."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from enclaves.identity.aws import AwsInstance
from enclaves.identity.azure import AzureInstance

# From the portal's call until the cloud calls the machine started, clocks included.
LAUNCH_TAKES = timedelta(minutes=30)
SKEW = timedelta(minutes=5)

type Instance = AwsInstance | AzureInstance


@dataclass(frozen=True, kw_only=True)
class ExpectedHost:
    """A host as its row has it.

    `account` is without its cloud, `machine` the instance id or the vmId. `launched_at` is when the cloud
    can first have been asked for it, `tried_at` when it was last asked, in case an answer was lost.
    `enrolled_key` is the fingerprint of the key with which this host first enrolled, None if it never did.
    """

    account: str
    machine: str
    launched_at: datetime
    tried_at: datetime | None = None
    region: str = ""
    image: str = ""
    architecture: str = ""
    enrolled_key: str | None = None


def matches(instance: Instance, expected: ExpectedHost, *, key: str) -> list[str]:
    """Why a document is not good for this host, and for this key that wants its name; empty if it is.

    A document counts once: later only the key that came with it first is taken. Whoever reads a copy of
    it on the host comes too late.
    """
    return [*_differences(instance, expected), *_first_use(instance, expected, key)]


def _differences(instance: Instance, expected: ExpectedHost) -> Iterator[str]:
    if isinstance(instance, AzureInstance):
        yield from _differs("subscription", instance.subscription, expected.account)
        yield from _differs("machine", instance.vm_id, expected.machine)
        return
    yield from _differs("account", instance.account, expected.account)
    yield from _differs("instance", instance.instance_id, expected.machine)
    yield from _differs("region", instance.region, expected.region)
    yield from _differs("image", instance.image_id, expected.image)
    yield from _differs("architecture", instance.architecture, expected.architecture)


def _differs(what: str, found: str, expected: str) -> Iterator[str]:
    if found != expected:
        yield f"The {what} is {found}, not {expected or 'known'}."


def _first_use(instance: Instance, expected: ExpectedHost, key: str) -> Iterator[str]:
    if expected.enrolled_key is not None:
        if expected.enrolled_key != key:
            yield "The host has enrolled before, with another key."
    elif isinstance(instance, AwsInstance) and not _is_of_the_launch(instance.pending_time, expected):
        yield f"The instance was started at {instance.pending_time:%Y-%m-%d %H:%M} UTC, not by this launch."


def _is_of_the_launch(pending: datetime, expected: ExpectedHost) -> bool:
    tried_at = expected.tried_at or expected.launched_at
    return expected.launched_at - SKEW <= pending <= tried_at + LAUNCH_TAKES
