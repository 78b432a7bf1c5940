"""What the engine works out anew for each call and each key, although nobody could tell: done once."""

import functools
from collections.abc import Callable
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.kms import models
from moto.kms.utils import KeySpec, generate_private_key

list_services = backends.list_of_moto_modules


def apply() -> None:
    # The names of its services are folders, and those of its methods come from inspecting a class.
    for module, name, replacement in (
        (backends, "list_of_moto_modules", _once(list_services)),
        (responses, "method_names_from_class", _once(method_names_from_class)),
        (models, "generate_private_key", _private_key),
    ):
        setattr(module, name, replacement)


def _once(original: Callable[..., Any]) -> Any:
    return functools.cache(lambda *about: frozenset(original(*about)))


def _private_key(key_spec: str) -> Any:
    # A symmetric key gets one as well, which nothing ever uses.
    return _unused_key() if key_spec == KeySpec.SYMMETRIC_DEFAULT else generate_private_key(key_spec)


@functools.cache
def _unused_key() -> Any:
    return generate_private_key(KeySpec.SYMMETRIC_DEFAULT)
