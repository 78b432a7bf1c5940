"""A registration of a subscription, a zone in it, and how to look through their templates."""

import json
from collections.abc import Iterator
from typing import Any

from enclaves.blueprints import Binding, blueprint
from enclaves.providers.base import Place

ACCOUNT = "aaaabbbb-0000-4000-8000-ccccdddd0001"
TENANT = "0a7f8d52-3c1e-4f0b-9a52-6f1f3a7d2c11"
BINDING = Binding(
    account=ACCOUNT,
    registration="reg-1",
    external_id="the-external-id-of-1",
    portal_principal="",
    image_owner="",
    tenant=TENANT,
    directory="dddd1111-0000-4000-8000-000000000002",
    facts={"logical_zones": {"eastus": {"eastus-az1": "3", "eastus-az2": "1"}}},
    issuer="https://portal.example.com",
)
PLACE = Place("prod.azure-eastus-az1", "eastus", ("eastus-az1",), 1)
OTHER_PLACE = Place("prod.azure-eastus-az2", "eastus", ("eastus-az2",), 1)


def account_template(binding: Binding = BINDING) -> Any:
    return json.loads(blueprint("azure").account_template(binding))


def zone_template(place: Place = PLACE, binding: Binding = BINDING) -> Any:
    return json.loads(blueprint("azure").zone_template(binding, place))


def resources(template: Any) -> Iterator[Any]:
    """Go through all resources of a template, those of nested ones behind the deployment they are in."""
    for resource in template["resources"]:
        yield resource
        if resource["type"] == "Microsoft.Resources/deployments":
            yield from resources(resource["properties"]["template"])


def of_type(template: Any, kind: str) -> list[Any]:
    return [each for each in resources(template) if each["type"] == f"Microsoft.{kind}"]


def one(template: Any, kind: str) -> Any:
    """Find the only resource of a type."""
    (found,) = of_type(template, kind)
    return found


def texts(node: Any) -> Iterator[str]:
    """Go through every text in a template, keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for each in node:
            yield from texts(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from texts(value)
