"""S3: the gate has read the bucket's policy; the engine knows few conditions, and refuses too much."""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket


def apply() -> None:
    FakeBucket.get_permission = _leave_it_to_the_gate  # type: ignore[method-assign]


def _leave_it_to_the_gate(self: Any, action: str, resource: str) -> PermissionResult:
    return PermissionResult.NEUTRAL
