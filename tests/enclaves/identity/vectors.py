"""Real documents of both clouds, where somebody put them beside the project."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "vectors"
needs_vectors = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="The real documents are not beside the project."
)


def path(name):
    return FOLDER / name


def content(name):
    return path(name).read_bytes()
