"""KMS: a key that is off does nothing, and every call takes an ARN for a key."""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend

BY_ARN = ("disable_key", "enable_key", "schedule_key_deletion", "cancel_key_deletion")
WITH_KEY = ("encrypt", "generate_data_key")


def apply() -> None:
    for name in BY_ARN:
        setattr(KmsBackend, name, _taking_arns(getattr(KmsBackend, name)))
    for name in WITH_KEY:
        setattr(KmsBackend, name, _refusing_disabled(getattr(KmsBackend, name)))


def _taking_arns(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, key_id: str, *args: Any, **kwargs: Any) -> Any:
        return original(self, self.get_key_id(key_id), *args, **kwargs)

    return call


def _refusing_disabled(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, key_id: str, *args: Any, **kwargs: Any) -> Any:
        key = self.keys[self.any_id_to_key_id(key_id)]
        if key.key_state == "Disabled":
            raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
        if key.key_state != "Enabled":
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return original(self, key_id, *args, **kwargs)

    return call
