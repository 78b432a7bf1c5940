"""The engine is pinned; if it changes all the same, what we replace in it must be read again."""

import hashlib
import inspect

import moto
import pytest

from sandbox.aws.patches import (
    dependencies,
    images,
    instance_types,
    keys,
    launching,
    listing,
    lookups,
    states,
    zones,
)

REPLACED = {
    "dependencies.delete_subnet": "",
}


def test_the_engine_is_the_version_that_was_read():
    assert moto.__version__ == "5.2.5"
