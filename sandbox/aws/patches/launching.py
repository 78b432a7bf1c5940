"""RunInstances as AWS does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

VERDICT: ContextVar[str | None] = ContextVar("launch_verdict", default=None)


@contextmanager
def launch_verdict(problem: str | None) -> Iterator[None]:
    """What is going to end the instances that are launched meanwhile, if anything is."""
    token = VERDICT.set(problem)
    try:
        yield
    finally:
        VERDICT.reset(token)
