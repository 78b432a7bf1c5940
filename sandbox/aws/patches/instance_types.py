"""Instance types: those of the region only, in pages; zone names are the account's own."""

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instance_types import (
    INSTANCE_TYPE_OFFERINGS,
    INSTANCE_TYPES,
    InstanceTypeBackend,
    InstanceTypeOfferingBackend,
)
from moto.ec2.responses.instances import InstanceResponse

from sandbox.aws.patches.paging import page_of
from sandbox.aws.patches.zones import zones_of

BY_ID = "availability-zone-id"
BY_NAME = "availability-zone"
TYPES_PER_PAGE = range(5, 101)
OFFERINGS_PER_PAGE = range(5, 1001)

describe_everywhere = InstanceTypeBackend.describe_instance_types
describe_offerings = InstanceTypeOfferingBackend.describe_instance_type_offerings


def apply() -> None:
    InstanceTypeBackend.describe_instance_types = _describe_types  # type: ignore[method-assign]
    InstanceTypeOfferingBackend.describe_instance_type_offerings = _describe_offerings  # type: ignore[method-assign]
    InstanceResponse.describe_instance_types = _answer_types  # type: ignore[method-assign]
    InstanceResponse.describe_instance_type_offerings = _answer_offerings  # type: ignore[method-assign]


@functools.cache
def offered(region: str) -> frozenset[tuple[str, str]]:
    """Which type is offered in which zone id of a region."""
    offerings = INSTANCE_TYPE_OFFERINGS[BY_ID].get(region, [])
    return frozenset((item["InstanceType"], item["Location"]) for item in offerings)


def processor_of(instance_type: str) -> dict[str, Any]:
    processor: dict[str, Any] = INSTANCE_TYPES.get(instance_type, {}).get("ProcessorInfo", {})
    return processor


def cores_of(instance_type: str) -> tuple[int, int]:
    """Cores, and threads of each."""
    info = INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {})
    return info.get("DefaultCores", 1), info.get("DefaultThreadsPerCore", 1)


def supports_enclaves(instance_type: str) -> bool:
    return bool(INSTANCE_TYPES.get(instance_type, {}).get("NitroEnclavesSupport") == "supported")


def _describe_types(self: Any, instance_types: list[str] | None = None, filters: Any = None) -> list[Any]:
    here = {name for name, _ in offered(self.region_name)}
    found = describe_everywhere(self, instance_types, filters)
    return sorted((item for item in found if item.get("InstanceType") in here), key=_name_of)


def _describe_offerings(
    self: Any, location_type: str | None = None, filters: dict[str, Any] | None = None
) -> list[Any]:
    """By name is by id, translated with the account's own map."""
    if location_type != BY_NAME:
        return sorted(describe_offerings(self, location_type, filters), key=_name_of)
    names = {zone.zone_id: zone.name for zone in zones_of(self.account_id, self.region_name)}
    renamed = [
        {"InstanceType": kind, "LocationType": BY_NAME, "Location": names[zone]}
        for kind, zone in offered(self.region_name)
        if zone in names
    ]
    return sorted((o for o in renamed if self.matches_filters(o, filters or {}, BY_NAME)), key=_name_of)


def _name_of(item: Any) -> tuple[str, str]:
    return item["InstanceType"], item.get("Location", "")


def _answer_types(self: Any) -> ActionResult:
    wanted, filters = self._get_param("InstanceTypes", []), self._filters_from_querystring()
    found = self.ec2_backend.describe_instance_types(wanted, filters)
    page, token = page_of(self, found, TYPES_PER_PAGE, default=100)
    return ActionResult({"InstanceTypes": page, "NextToken": token})


def _answer_offerings(self: Any) -> ActionResult:
    found = self.ec2_backend.describe_instance_type_offerings(
        self._get_param("LocationType"), self._filters_from_querystring()
    )
    page, token = page_of(self, found, OFFERINGS_PER_PAGE, default=1000)
    return ActionResult({"InstanceTypeOfferings": page, "NextToken": token})
