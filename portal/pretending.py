"""The pretend clouds of the demo: which accounts they hold, what starts, and what the portal must know."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.runtime.certificates import Authority
from portal.runtime.identity import login
from portal.runtime.processes import ROOT, PortalProcesses
from portal.runtime.programs import Program
from portal.runtime.readiness import free_port
from portal.runtime.sandbox import SandboxAws, SandboxAzure, SandboxHosts, SandboxIdp
from portal.runtime.secrets import Secrets

PORTAL_ACCOUNT = "999900001111"
ACME, GLOBEX, UNREGISTERED = "111122223333", "444455556666", "777788889999"

GLOBEX_SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
UNREGISTERED_SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0009"
# Each subscription trusts one directory, and no two of the demo share one.
DIRECTORIES = {
    GLOBEX_SUBSCRIPTION: "dddd1111-0000-4000-8000-000000000002",
    UNREGISTERED_SUBSCRIPTION: "dddd1111-0000-4000-8000-000000000009",
}
# As the pretend Azure publishes the vendor's images.
IMAGE_GALLERY = "enclave-3c6f2f64-8a0e-4d0c-9a53-5a0b7c1d2e3f"

# Who has an account at acme's identity provider; the last one is no member of anything.
PEOPLE = {
    "ada@acme.example": "Ada Admin",
    "dev@acme.example": "Dev Developer",
    "rea@acme.example": "Rea Reader",
    "nia@acme.example": "Nia Newcomer",
}

# What a person exported for other purposes must not send the demo into a real cloud.
NO_CLOUD: Mapping[str, None] = dict.fromkeys(
    (
        "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL",
        "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID",
        "PORTAL_SIGNING_SECRET",
    )
)  # fmt: skip


@dataclass(frozen=True)
class PretendClouds:
    """All sandboxes on their ports, and the port at which the portal is an issuer that Entra believes."""

    state: Path
    aws: SandboxAws
    azure: SandboxAzure
    idp: SandboxIdp
    hosts: SandboxHosts
    issuer_port: int
    authority: Authority

    @classmethod
    def in_folder(cls, state: Path) -> "PretendClouds":
        """Choose ports, and make certificates; nothing runs yet."""
        authority = Authority(state / "certificates")
        azure = SandboxAzure(free_port(), authority.ca_file, free_port())
        idp = SandboxIdp(free_port())
        hosts = SandboxHosts(state / "hosts", state / "certificates" / "identity", login())
        return cls(state, SandboxAws(free_port()), azure, idp, hosts, free_port(), authority)

    def programs(self, portal_url: str) -> list[Program]:
        return [
            self.idp.program(f"{portal_url}/sign-on/acme/callback/", PEOPLE),
            self.aws.program(PORTAL_ACCOUNT, (ACME, GLOBEX, UNREGISTERED)),
            self.azure.program(DIRECTORIES, self.authority.certify("azure")),
        ]

    def machines(self) -> Program:
        """What runs on the pretend machines; begun when there is a gateway for it."""
        return self.hosts.program(self.aws, self.azure)

    def issuer(self, portal: PortalProcesses) -> Program:
        return portal.issuer(self.issuer_port, self.authority.certify("issuer"), self.authority.ca_file)

    def environment(self) -> dict[str, str | None]:
        """The settings that lead the portal here; once the sandboxes run."""
        return {
            **NO_CLOUD,
            **self.hosts.environment(),
            "PORTAL_AWS_ENDPOINT_URL": self.aws.url,
            "PORTAL_AWS_ACCOUNT_ID": self._keys["account_id"],
            "PORTAL_AWS_PRINCIPAL_ARN": self._keys["arn"],
            "PORTAL_ISSUER_URL": f"https://127.0.0.1:{self.issuer_port}",
            "PORTAL_AZURE_AUTHORITY_URL": self.azure.url,
            "PORTAL_AZURE_ARM_URL": self.azure.url,
            "PORTAL_AZURE_CA_FILE": str(self.azure.ca_file),
            "PORTAL_AZURE_IMAGE_GALLERY": IMAGE_GALLERY,
            "PORTAL_SIGN_ON_LOOPBACK": "1",
            "PORTAL_SANDBOX_APPLY_AWS": self._line("sandbox.aws", "--endpoint-url", self.aws.url),
            "PORTAL_SANDBOX_APPLY_AZURE": self._line(
                "sandbox.azure", "--arm-url", self.azure.url, "--ca", _shown(self.azure.ca_file)
            ),
        }

    def credentials(self) -> dict[str, str | None]:
        """What only the worker may have: it alone speaks to clouds, and signs what it says of itself."""
        return {
            "AWS_ACCESS_KEY_ID": self._keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self._keys["secret_access_key"],
            "PORTAL_SIGNING_SECRET": Secrets(self.state / "secrets").get("signing"),
        }

    def options(self) -> tuple[str, ...]:
        """How the program that fills the demo finds the sandboxes."""
        azure = ("--azure-port", str(self.azure.port), "--azure-ca", str(self.azure.ca_file))
        return ("--aws-port", str(self.aws.port), *azure, "--idp-port", str(self.idp.port))

    @cached_property
    def _keys(self) -> dict[str, str]:
        return self.aws.portal_keys()

    def _line(self, module: str, *options: str) -> str:
        return " ".join([_shown(Path(sys.executable)), "-m", module, "apply", *options])


def _shown(path: Path) -> str:
    """A path as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
