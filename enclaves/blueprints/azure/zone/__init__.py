"""The zone template: a network that lets nothing in, the tenant's own keys, and the log archive."""

from enclaves.blueprints.azure import arm
from enclaves.blueprints.azure.account import principal
from enclaves.blueprints.azure.manifest import PROVISIONING
from enclaves.blueprints.azure.names import (
    DISK_ENCRYPTION,
    NETWORK_NAME,
    PROVISIONER,
    ZONE,
    group_id,
    guid,
    role_id,
)
from enclaves.blueprints.azure.versions import DISK_ENCRYPTION_SETS, GROUPS, NETWORKS, STORAGE_ACCOUNTS
from enclaves.blueprints.azure.zone import archive, keys, network
from enclaves.blueprints.azure.zone.network import default_network, network_ipv6
from enclaves.blueprints.azure.zone.parts import Site
from enclaves.blueprints.base import TEMPLATE_VERSION, Binding, Spot, TemplateWaits

DESCRIPTION = (
    "Enclave Portal: zone template, version {version}, for zone {zone} in subscription {account}. "
    "You apply it with your own rights. It makes a resource group in {region} with one network, a vault "
    "with two keys and a log archive. The portal cannot change any of them: they are yours."
)

GUARD = "subscription"

__all__ = ["default_network", "logical_zone", "network_ipv6", "zone_template"]


def zone_template(binding: Binding, place: Spot) -> str:
    site = Site(binding.account, binding.directory, binding.registration, place.zone, place.region)
    parameters = _parameters(site, logical_zone(binding, place))
    return arm.render(
        arm.template(
            _resources(site, parameters),
            description=DESCRIPTION.format(
                version=TEMPLATE_VERSION, zone=place.zone, account=binding.account, region=place.region
            ),
            parameters=parameters,
            outputs={
                "network": site.id(NETWORKS, NETWORK_NAME),
                "vault": site.vault_id(),
                "diskEncryptionSet": site.id(DISK_ENCRYPTION_SETS, DISK_ENCRYPTION),
                "archive": site.id(STORAGE_ACCOUNTS, site.archive),
            },
        )
    )


def logical_zone(binding: Binding, place: Spot) -> str:
    """Tell by which number this subscription knows the zone. Raises TemplateWaits."""
    physical = place.availability_zone_ids[0]
    known = binding.facts.get("logical_zones", {}).get(place.region, {})
    if physical not in known:
        raise TemplateWaits(
            f"Each subscription numbers its zones itself, and only its proof tells which one {physical} is. "
            "Verify the subscription first."
        )
    return str(known[physical])


def _resources(site: Site, parameters: arm.Node) -> list[arm.Node]:
    return [
        arm.resource(GROUPS, site.group, location=site.region, tags=site.tags(ZONE)),
        arm.nested(
            site.group,
            site.group,
            [
                *network.resources(site),
                *keys.resources(site),
                *archive.resources(site),
                _may_provision(site),
            ],
            parameters=_handed_on(parameters),
            after=[group_id(site.account, site.group)],
        ),
    ]


def _handed_on(parameters: arm.Node) -> dict[str, str]:
    """Name what the nested template is given, each with its type; the guard stays outside."""
    return {name: each["type"] for name, each in parameters.items() if name != GUARD}


def _may_provision(site: Site) -> arm.Node:
    return arm.assignment(
        guid(group_id(site.account, site.group), PROVISIONING.title, PROVISIONER),
        role_id(site.account, PROVISIONING.title),
        principal(site.account, PROVISIONER),
    )


def _parameters(site: Site, logical: str) -> arm.Node:
    return {
        GUARD: arm.right_subscription(site.account),
        **network.choices(site, logical),
        **keys.choices(),
        **archive.choices(),
    }
