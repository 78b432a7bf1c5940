"""The machine sizes that can be had, the family each counts against, and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SNP, TDX, SGX = "SNP", "TDX", "SGX"


@dataclass(frozen=True)
class Size:
    """A machine size as ``Microsoft.Compute/skus`` tells it."""

    name: str
    family: str
    vcpus: int
    memory_gb: int
    architecture: str  # "x64" | "Arm64", as Azure writes it
    trusted_by: str = ""  # how its processor shuts others out: SNP, TDX or SGX

    @property
    def confidential(self) -> bool:
        """Say whether whole machines of this size are confidential; SGX shields parts of one only."""
        return self.trusted_by in {SNP, TDX}

    def is_offered(self, physical_zone: str) -> bool:
        """Say whether a physical zone such as ``eastus-az1`` has this size."""
        return physical_zone not in MISSING.get(self.family, frozenset())

    @property
    def capabilities(self) -> list[dict[str, str]]:
        """Tell what the size can do, in the words of the answer to a list of skus."""
        told = {
            "vCPUs": str(self.vcpus),
            "MemoryGB": str(self.memory_gb),
            "CpuArchitectureType": self.architecture,
            "HyperVGenerations": "V2" if self.trusted_by or self.architecture == "Arm64" else "V1,V2",
            "EncryptionAtHostSupported": "True",
            "PremiumIO": "True",
            "AcceleratedNetworkingEnabled": str(not self.trusted_by),
        }
        if self.confidential:
            told["ConfidentialComputingType"] = self.trusted_by
        return [{"name": name, "value": value} for name, value in told.items()]


@dataclass(frozen=True)
class _Family:
    quota: str
    pattern: str
    cores: tuple[int, ...]
    memory_per_core: int
    architecture: str = "x64"
    trusted_by: str = ""

    def sizes(self) -> Iterator[Size]:
        for cores in self.cores:
            memory = cores * self.memory_per_core
            name = self.pattern.format(cores)
            yield Size(name, self.quota, cores, memory, self.architecture, self.trusted_by)


_USUAL = (2, 4, 8, 16, 32, 48, 64, 96)
_FAMILIES = (
    _Family("standardDPSv5Family", "Standard_D{}ps_v5", (2, 4, 8, 16, 32, 48, 64), 4, "Arm64"),
    _Family("standardDPLSv5Family", "Standard_D{}pls_v5", (2, 4, 8, 16, 32, 48, 64), 2, "Arm64"),
    _Family("standardEPSv5Family", "Standard_E{}ps_v5", (2, 4, 8, 16, 20, 32), 8, "Arm64"),
    _Family("StandardDpsv6Family", "Standard_D{}ps_v6", _USUAL, 4, "Arm64"),
    _Family("StandardDplsv6Family", "Standard_D{}pls_v6", _USUAL, 2, "Arm64"),
    _Family("StandardEpsv6Family", "Standard_E{}ps_v6", _USUAL, 8, "Arm64"),
    _Family("standardDSv5Family", "Standard_D{}s_v5", _USUAL, 4),
    _Family("standardDDSv5Family", "Standard_D{}ds_v5", _USUAL, 4),
    _Family("standardDASv5Family", "Standard_D{}as_v5", _USUAL, 4),
    _Family("StandardDsv6Family", "Standard_D{}s_v6", (2, 4, 8, 16, 32, 48, 64, 96, 128), 4),
    _Family("standardESv5Family", "Standard_E{}s_v5", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8),
    _Family("standardFSv2Family", "Standard_F{}s_v2", (2, 4, 8, 16, 32, 48, 64, 72), 2),
    _Family("standardLSv3Family", "Standard_L{}s_v3", (8, 16, 32, 48, 64, 80), 8),
    _Family("standardDCASv5Family", "Standard_DC{}as_v5", _USUAL, 4, trusted_by=SNP),
    _Family(
        "standardECASv5Family", "Standard_EC{}as_v5", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8, trusted_by=SNP
    ),
    _Family("StandardDCasv6Family", "Standard_DC{}as_v6", _USUAL, 4, trusted_by=SNP),
    _Family(
        "StandardDCesv6Family", "Standard_DC{}es_v6", (2, 4, 8, 16, 32, 48, 64, 96, 128), 4, trusted_by=TDX
    ),
    _Family("standardDCSv3Family", "Standard_DC{}s_v3", (1, 2, 4, 8, 16, 24, 32, 48), 8, trusted_by=SGX),
)

SIZES: Mapping[str, Size] = {size.name.lower(): size for family in _FAMILIES for size in family.sizes()}

# Newer and confidential hardware does not stand in every building of a region.
MISSING: Mapping[str, frozenset[str]] = {
    "StandardDCesv6Family": frozenset({"eastus-az2", "eastus-az3", "westeurope-az3"}),
    "StandardDCasv6Family": frozenset({"eastus-az3", "westeurope-az2"}),
    "standardECASv5Family": frozenset({"eastus-az3"}),
    "StandardDpsv6Family": frozenset({"westeurope-az3"}),
    "StandardEpsv6Family": frozenset({"eastus-az3", "westeurope-az3"}),
    "standardDCSv3Family": frozenset({"eastus-az1"}),
}
FAMILIES = tuple(family.quota for family in _FAMILIES)
