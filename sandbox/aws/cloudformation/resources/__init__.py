"""Every resource type that the runner knows; any other is refused before anything is made."""

from sandbox.aws.cloudformation.resources import gateways, identity, network, protection, storage
from sandbox.aws.cloudformation.resources.base import ResourceType

TYPES: dict[str, ResourceType] = {
    **identity.TYPES,
    **network.TYPES,
    **gateways.TYPES,
    **protection.TYPES,
    **storage.TYPES,
}
