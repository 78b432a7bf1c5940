"""AWS's own policies: read once, where the engine reads all of them anew for each account."""

import copy
import functools
from typing import Any

from moto.iam.models import IAMBackend

read_all = IAMBackend._init_aws_policies


def apply() -> None:
    IAMBackend._init_aws_policies = _init_aws_policies  # type: ignore[method-assign]


@functools.cache
def _policies_of(backend_class: type[Any], partition: str) -> list[Any]:
    """As some account would see them that nobody has attached anything in."""
    reader: Any = object.__new__(backend_class)
    reader.account_id, reader.region_name = "", partition
    return list(read_all(reader))


def _init_aws_policies(self: Any) -> list[Any]:
    """Copies, because each account counts how often it attached a policy."""
    policies = [copy.copy(policy) for policy in _policies_of(IAMBackend, self.region_name)]
    for policy in policies:
        policy.account_id = self.account_id
    return policies
