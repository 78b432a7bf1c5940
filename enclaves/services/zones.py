"""The catalogue of zones: what operators may change of it. A zone keeps its place; it opens and closes."""

import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.transaction import atomic

from enclaves.models import Zone
from tenants import staff_log
from tenants.errors import Refused
from tenants.policy import StaffPermission
from tenants.staff_gate import StaffActor

_PART = re.compile(r"[a-z0-9][a-z0-9-]{0,28}")


def catalogue() -> QuerySet[Zone]:
    return Zone.objects.order_by("name")


@atomic
def add_zone(
    name: str,
    environment: str,
    cloud: str,
    region: str,
    availability_zone_ids: Sequence[str],
    *,
    by: StaffActor,
) -> Zone:
    """Offer one more zone. Raises ValidationError for facts that make no sense, Refused if it is known."""
    by.require(StaffPermission.ZONE_MANAGE)
    zone = Zone(
        name=name,
        environment=environment,
        cloud=cloud,
        region=region,
        availability_zone_ids=list(availability_zone_ids),
    )
    _check(zone)
    try:
        with transaction.atomic():
            zone.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"There is a zone {name} already.") from error
    staff_log.record("zone.added", name, by=by, region=region, zones=zone.availability_zone_ids)
    return zone


@atomic
def open_zone(zone: Zone, *, by: StaffActor) -> None:
    """Take new enclaves in a zone."""
    _set_open(zone, True, by)


@atomic
def close_zone(zone: Zone, *, by: StaffActor) -> None:
    """Take no new enclaves in a zone; those that it has stay as they are."""
    _set_open(zone, False, by)


def _set_open(zone: Zone, is_open: bool, by: StaffActor) -> None:
    by.require(StaffPermission.ZONE_MANAGE)
    # Names the state that it leaves, so that a second click records nothing.
    if Zone.objects.filter(pk=zone.pk, is_open=not is_open).update(is_open=is_open):
        staff_log.record("zone.opened" if is_open else "zone.closed", zone.name, by=by)
    zone.is_open = is_open


def _check(zone: Zone) -> None:
    zone.full_clean(validate_unique=False)
    faults: dict[str, str] = {}
    for field in ("environment", "region"):
        if not _PART.fullmatch(getattr(zone, field)):
            faults[field] = "Small letters, digits and dashes."
    if not zone.availability_zone_ids or not all(map(_PART.fullmatch, zone.availability_zone_ids)):
        faults["availability_zone_ids"] = "At least one, each of small letters, digits and dashes."
    begins = f"{zone.environment}.{zone.cloud}-"
    if not (zone.name.startswith(begins) and _PART.fullmatch(zone.name.removeprefix(begins))):
        faults["name"] = f"A name here is {begins} and the place, of small letters, digits and dashes."
    if faults:
        raise ValidationError(faults)
