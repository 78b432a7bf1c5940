"""What a tenant applies in its own account with its own rights; one blueprint per cloud."""

from enclaves.blueprints.aws import AwsBlueprint
from enclaves.blueprints.azure import AzureBlueprint
from enclaves.blueprints.base import (
    TEMPLATE_VERSION,
    Application,
    Binding,
    Blueprint,
    CloudWords,
    Permission,
    Sketch,
    Spot,
    TemplateWaits,
    UnknownCloud,
    UnknownFormat,
)

BLUEPRINTS: dict[str, Blueprint] = {"aws": AwsBlueprint(), "azure": AzureBlueprint()}

__all__ = [
    "TEMPLATE_VERSION",
    "Application",
    "Binding",
    "Blueprint",
    "CloudWords",
    "Permission",
    "Sketch",
    "Spot",
    "TemplateWaits",
    "UnknownCloud",
    "UnknownFormat",
    "blueprint",
]


def blueprint(cloud: str) -> Blueprint:
    """Find the templates of a cloud. Raises UnknownCloud."""
    if cloud not in BLUEPRINTS:
        raise UnknownCloud(f"There are templates for {', '.join(BLUEPRINTS)}, not for {cloud}.")
    return BLUEPRINTS[cloud]
