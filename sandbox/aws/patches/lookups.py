"""The engine scans all that it has for each thing it looks up; these find it at once."""

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from moto import backends
from moto.ec2.exceptions import InvalidInstanceIdError, InvalidVolumeIdError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import Instance, InstanceBackend

make_instance = Instance.__init__
scan_folders = backends.list_of_moto_modules
scan_volumes = EBSBackend.describe_volumes
INSTANCES: WeakValueDictionary[str, Any] = WeakValueDictionary()
ORDER = itertools.count(1)


def apply() -> None:
    backends.list_of_moto_modules = _modules
    TaggedEC2Resource.get_tags = _get_tags  # type: ignore[method-assign]
    Instance.__init__ = _make_instance  # type: ignore[method-assign]
    InstanceBackend.get_instance = _get_instance  # type: ignore[method-assign]
    InstanceBackend.get_instance_by_id = _get_instance_by_id  # type: ignore[method-assign]
    InstanceBackend.get_multi_instances_by_id = _get_instances  # type: ignore[method-assign]
    EBSBackend.describe_volumes = _describe_volumes  # type: ignore[method-assign]


@cache
def _modules() -> tuple[str, ...]:
    # The engine looks through its own folder on the disk for each request.
    return tuple(scan_folders())


def _get_tags(self: Any) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in self.ec2_backend.tags.get(self.id, {}).items()]


def _make_instance(self: Any, ec2_backend: Any, *args: Any, **kwargs: Any) -> None:
    # The order of launch is the order of listing, which pages depend on.
    self.sequence = next(ORDER)
    make_instance(self, ec2_backend, *args, **kwargs)
    INSTANCES[self.id] = self


def find_instance(backend: Any, identifier: str) -> Any | None:
    found = INSTANCES.get(identifier)
    return found if found is not None and found.ec2_backend is backend else None


def _get_instance_by_id(self: Any, instance_id: str) -> Any | None:
    return find_instance(self, instance_id)


def _get_instance(self: Any, instance_id: str) -> Any:
    found = find_instance(self, instance_id)
    if found is None:
        raise InvalidInstanceIdError(instance_id)
    return found


def _get_instances(self: Any, instance_ids: list[str], filters: Any = None) -> list[Any]:
    found = {identifier: find_instance(self, identifier) for identifier in instance_ids}
    if missing := [identifier for identifier, one in found.items() if one is None]:
        raise InvalidInstanceIdError(missing)
    return [one for one in found.values() if one and one.applies(filters)]


def instances_of(backend: Any) -> Iterator[Any]:
    """Every instance of a backend in the order of launch."""
    for reservation in list(backend.reservations.values()):
        yield from list(reservation.instances)


def _describe_volumes(self: Any, volume_ids: list[str] | None = None, filters: Any = None) -> list[Any]:
    if not volume_ids or filters:
        return scan_volumes(self, volume_ids, filters)
    if missing := [identifier for identifier in volume_ids if identifier not in self.volumes]:
        raise InvalidVolumeIdError(missing)
    return [self.volumes[identifier] for identifier in volume_ids]
