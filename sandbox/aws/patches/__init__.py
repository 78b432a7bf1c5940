"""Where the engine differs from AWS and it matters, and what we put in its place.

Each module replaces a few methods of the engine's classes. The engine is pinned exactly; the tests of
this package keep the digests of what was replaced, so that a new version cannot slip past unread.
"""

from sandbox.aws.patches import (
    bucket_policies,
    dependencies,
    images,
    instance_types,
    keys,
    launching,
    listing,
    lookups,
    managed_policies,
    repeats,
    states,
    zones,
)

PATCHES = (
    repeats,
    lookups,
    managed_policies,
    zones,
    images,
    instance_types,
    states,
    launching,
    listing,
    dependencies,
    keys,
    bucket_policies,
)
applied = False


def apply() -> None:
    """Change the engine's classes, once per process."""
    global applied  # noqa: PLW0603 -- so is the engine
    if not applied:
        applied = True
        for patch in PATCHES:
            patch.apply()
