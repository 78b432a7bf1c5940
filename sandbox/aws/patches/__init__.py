"""Where the engine differs from AWS and it matters, and what we put in its place."""

from sandbox.aws.patches import images, zones


def apply() -> None:
    """Change the engine's classes, once per process."""
    for patch in (zones, images):
        patch.apply()
