"""The checks of a zone, in the order in which they are shown."""

from enclaves.providers.base import CheckDefinition, CheckGroup


def _check(code: str, title: str) -> CheckDefinition:
    return CheckDefinition(code, CheckGroup.ZONE, title)


NETWORK = _check("network", "One network, with this registration and the current template")
HOST_SUBNETS = _check("host-subnets", "A subnet for hosts in each availability zone")
LOAD_BALANCER_SUBNETS = _check(
    "load-balancer-subnets", "A subnet for load balancers in each availability zone"
)
WAY_OUT = _check("way-out", "Hosts reach out by an egress-only gateway, and no route leads in")
HOSTS_GROUP = _check("hosts-group", "The hosts' security group lets nothing in from outside")
WALLS = _check("network-acl", "A network ACL closes the hosts' subnets a second time")
ENDPOINTS = _check("endpoints", "S3 and STS are reached inside AWS's network")
DISK_KEY = _check("disk-key", "Your key for disks is enabled and rotates")
ARCHIVE_KEY = _check("archive-key", "Your key for the log archive is enabled and rotates")
ARCHIVE = _check("archive", "The log archive is encrypted, private, versioned and expires")
REHEARSAL = _check("launch-rehearsal", "A rehearsed launch is allowed")

CHECKS = (
    NETWORK,
    HOST_SUBNETS,
    LOAD_BALANCER_SUBNETS,
    WAY_OUT,
    HOSTS_GROUP,
    WALLS,
    ENDPOINTS,
    DISK_KEY,
    ARCHIVE_KEY,
    ARCHIVE,
    REHEARSAL,
)
