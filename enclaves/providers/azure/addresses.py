"""The addresses of machines, which Azure keeps on interfaces and addresses of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from enclaves.providers.azure import versions

if TYPE_CHECKING:
    from enclaves.providers.azure.arm import Arm


@dataclass(frozen=True)
class AddressesOfMachine:
    private_ipv4: str = ""
    public_ipv4: str = ""
    ipv6: str = ""  # by which it reaches out; the one inside its network is of no use to anybody


@dataclass(frozen=True)
class Addresses:
    """What the machines of one resource group are reached by, each kind asked for once."""

    by_machine: Mapping[str, AddressesOfMachine] = field(default_factory=dict)

    @classmethod
    def of(cls, group: str, observer: "Arm") -> "Addresses":
        public = {
            each["id"].lower(): each.get("properties") or {}
            for each in observer.listed(
                versions.PUBLIC_ADDRESS, f"{group}/providers/{versions.PUBLIC_ADDRESS}"
            )
        }
        interfaces = observer.listed(versions.INTERFACE, f"{group}/providers/{versions.INTERFACE}")
        return cls(
            {
                str(machine["id"]).lower(): _told(interface["properties"].get("ipConfigurations", ()), public)
                for interface in interfaces
                if (machine := interface["properties"].get("virtualMachine"))
            }
        )

    def of_machine(self, machine_id: str) -> AddressesOfMachine:
        return self.by_machine.get(machine_id.lower(), AddressesOfMachine())


def _told(
    configurations: Iterable[Mapping[str, Any]], public: Mapping[str, Mapping[str, Any]]
) -> AddressesOfMachine:
    private_ipv4, found = "", {"IPv4": "", "IPv6": ""}
    for configuration in configurations:
        settings = configuration["properties"]
        if settings.get("privateIPAddressVersion", "IPv4") == "IPv4":
            private_ipv4 = private_ipv4 or settings.get("privateIPAddress", "")
        used = public.get(str((settings.get("publicIPAddress") or {}).get("id", "")).lower())
        if used:
            found[used.get("publicIPAddressVersion", "IPv4")] = used.get("ipAddress", "")
    return AddressesOfMachine(private_ipv4, found["IPv4"], found["IPv6"])
