"""The blueprint of Azure: what a tenant applies in its subscription, as ARM templates."""

from enclaves.blueprints.azure import manifest
from enclaves.blueprints.azure.account import CLIENT_ID, DEFAULT_LOCATION, account_template
from enclaves.blueprints.azure.names import deployment_name, values
from enclaves.blueprints.azure.zone import zone_template
from enclaves.blueprints.base import Application, Binding, CloudWords, Permission, Sketch, Spot, UnknownFormat

ARM = "arm"

WORDS = CloudWords(
    title="Azure",
    account="subscription",
    network="VNet",
    group="resource group",
    number_pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    number_example="aaaabbbb-0000-4000-8000-ccccdddd0001",
    number_hint="a UUID, from the subscription's overview in the Azure portal",
    cli="Azure CLI",
    console="Azure portal",
    leftover="resource group",
    sketch=Sketch(
        actor="identity",
        network_fact="network_id",
        archive_fact="archive_account",
        group_fact="group",
        shelf=("NAT gateway", "IPv4, outward only"),
        exit=("NSG", "wall"),
        exit_said="a NAT gateway and their own IPv6, behind a security group that lets nothing in",
        keys=("Key Vault", "disk, archive", "rotate every 90 days"),
    ),
    needs_directory=True,
    hands_back=CLIENT_ID,
    confidential={
        "vm": "",
        "enclave": "",
        "containers": (
            "Azure ended confidential containers in March 2026. Confidential virtual machines took their "
            "place: choose vm."
        ),
    },
    caveats={
        "vm": "Azure keeps the key that seals the disk of a confidential machine. The key of your vault "
        "encrypts the disks of all other machines.",
        "enclave": "Azure retires its machines with SGX enclaves (DCsv3) on 31 October 2029. For what is to "
        "stay longer, choose vm.",
    },
)


class AzureBlueprint:
    formats = (ARM,)
    words = WORDS

    def account_template(self, binding: Binding, *, format: str = "") -> str:
        self._check(format)
        return account_template(binding)

    def zone_template(self, binding: Binding, place: Spot, *, format: str = "") -> str:
        self._check(format)
        return zone_template(binding, place)

    def commands(self, place: Spot | None = None, *, account: str = "", format: str = "") -> Application:
        self._check(format)
        name = deployment_name(place.zone if place else "")
        region = place.region if place else DEFAULT_LOCATION
        return Application(
            format=ARM,
            file_name=f"{name}.json",
            command=_command(name, region, account),
            steps=_steps(name, region, hands_back=place is None),
            name=name,
            region=region,
            media_type="application/json",
        )

    def permissions(self, binding: Binding | None = None) -> tuple[Permission, ...]:
        if binding is None:
            return manifest.PERMISSIONS
        names = values(account=binding.account)
        return tuple(manifest.filled(permission, names) for permission in manifest.PERMISSIONS)

    def _check(self, format: str) -> None:
        if format and format not in self.formats:
            raise UnknownFormat(
                f"The templates for Azure come as {', '.join(self.formats)}, not as {format}."
            )


def _command(name: str, region: str, account: str) -> str:
    where = f"--subscription {account} " if account else ""
    return (
        f"az deployment sub create {where}--location {region} --name {name} \\\n"
        f"  --template-file {name}.json --query properties.outputs"
    )


def _steps(name: str, region: str, *, hands_back: bool) -> tuple[str, ...]:
    steps = (
        "In the Azure portal, look for “Deploy a custom template” and open it.",
        f"Choose “Build your own template in the editor”, load {name}.json, and save.",
        f"Choose the subscription, and {region} as the region. Leave the parameters as they are.",
        "Choose “Review + create”, then “Create”. It takes a few minutes.",
    )
    handing = f"When it is done, open its outputs, copy {CLIENT_ID}, and paste it here."
    return (*steps, handing) if hands_back else steps
