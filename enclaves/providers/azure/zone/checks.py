"""The checks of a zone, in the order in which they are shown."""

from enclaves.providers.base import CheckDefinition, CheckGroup


def _check(code: str, title: str) -> CheckDefinition:
    return CheckDefinition(code, CheckGroup.ZONE, title)


GROUP = _check("group", "One resource group, with this registration and the current template")
PROVIDERS = _check("resource-providers", "The resource providers that hosts need are registered")
NUMBER = _check("zone-number", "This subscription has the availability zone")
NETWORK = _check("network", "One VNet, with a subnet for hosts")
WALLS = _check("network-security-group", "The network security group lets nothing in from outside")
WAY_OUT = _check("way-out", "Hosts reach out by a NAT gateway in their own zone")
VAULT = _check("vault", "The vault of your keys is guarded, and cannot be purged")
DISK_KEY = _check("disk-key", "Your key for disks is enabled and rotates")
ARCHIVE_KEY = _check("archive-key", "Your key for the log archive is enabled and rotates")
DISKS = _check("disk-encryption", "Disks are encrypted with your key")
ARCHIVE = _check("archive", "The log archive is encrypted with your key, and private")
CONTAINERS = _check("containers", "The log archive's containers are there, and logs expire")
ASSIGNMENTS = _check("assignments", "The portal may launch hosts here, and hosts may add logs")
QUOTA = _check("quota", "The quota of the subscription is known")

CHECKS = (
    GROUP,
    PROVIDERS,
    NUMBER,
    NETWORK,
    WALLS,
    WAY_OUT,
    VAULT,
    DISK_KEY,
    ARCHIVE_KEY,
    DISKS,
    ARCHIVE,
    CONTAINERS,
    ASSIGNMENTS,
    QUOTA,
)
