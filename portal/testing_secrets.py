"""A pytest plugin that fails a test if something that was logged during it holds a secret.

It notes the secrets where they are born, whichever test or code of ours makes one, and compares them with
every log record, also with those that no handler would show. Named in ``addopts``: it must come before
what it watches is used.
"""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.fernet import Fernet

SHORTEST: Final = 8  # what is shorter is found in a log by chance
LONG: Final = 32  # bytes; names and ids that we make up have fewer, and are no secrets
_FROM_ENVIRONMENT: Final = (
    "PORTAL_SECRET_KEY",
    "PORTAL_SIGNING_SECRET",
    "PORTAL_AUDIT_KEY",
    "PORTAL_SEALING_SECRET",
)

_known: Final[dict[str, dict[str, str]]] = {}  # by their beginning, the secrets: what each one is
_logged: list[str] = []
_formatter: Final = logging.Formatter("%(name)s: %(message)s")


def note(secret: str | bytes | None, kind: str) -> None:
    """From now on this must be in no log."""
    text = secret.decode(errors="ignore") if isinstance(secret, bytes) else secret
    if text and len(text) >= SHORTEST:
        _known.setdefault(text[:SHORTEST], {})[text] = kind


def found_in(text: str) -> list[str]:
    """Which kinds of secrets a text holds."""
    return sorted(set(_held(text).values()))


def _held(text: str) -> dict[str, str]:
    # A run knows ten thousand secrets and more, so their beginnings are what is looked up.
    pieces = {text[start : start + SHORTEST] for start in range(len(text) - SHORTEST + 1)}
    beginnings = [_known[piece] for piece in pieces if piece in _known]
    return {secret: kind for known in beginnings for secret, kind in known.items() if secret in text}


def take() -> list[str]:
    """The records since the last time that hold a secret, with it blackened."""
    records, _logged[:] = list(_logged), []
    if not found_in("\n".join(records)):
        return []
    return [_blackened(record) for record in records if found_in(record)]


def _blackened(record: str) -> str:
    for secret, kind in _held(record).items():
        record = record.replace(secret, f"[{kind}]")
    return record


def pytest_configure(config: pytest.Config) -> None:
    for name in _FROM_ENVIRONMENT:
        note(os.environ.get(name), name)
    _watch_logs()
    _watch_random(secrets, "token_urlsafe")
    _watch_random(secrets, "token_hex")
    _watch_given(Fernet, "encrypt", "something that is sealed")
    _watch_django()


def _watch_logs() -> None:
    passed_on = logging.Logger.callHandlers

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        _logged.append(_formatter.format(record))
        passed_on(self, record)

    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]  # to hear all loggers


def _watch_random(owner: Any, name: str) -> None:
    made = getattr(owner, name)

    @wraps(made)
    def noting(nbytes: int | None = None) -> str:
        secret: str = made(nbytes)
        if nbytes is None or nbytes >= LONG:
            note(secret, "a random secret")
        return secret

    setattr(owner, name, noting)


def _watch_django() -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: PLC0415 -- needs settings
    from django.contrib.auth.base_user import AbstractBaseUser  # noqa: PLC0415 -- needs settings
    from django.contrib.sessions.backends.base import SessionBase  # noqa: PLC0415 -- needs settings

    _watch_given(AbstractBaseUser, "set_password", "a password")
    _watch_made(SessionBase, "_get_new_session_key", "a session key", lambda key: [key])
    _watch_made(RecoveryCodes, "generate_codes", "a recovery code", list)


def _watch_given(owner: Any, name: str, kind: str) -> None:
    """Note what a method is given first."""
    method = getattr(owner, name)

    @wraps(method)
    def noting(self: Any, secret: Any, *args: Any, **kwargs: Any) -> Any:
        note(secret, kind)
        return method(self, secret, *args, **kwargs)

    setattr(owner, name, noting)


def _watch_made(owner: Any, name: str, kind: str, parts: Callable[[Any], list[str]]) -> None:
    """Note what a method returns."""
    method = getattr(owner, name)

    @wraps(method)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = method(self, *args, **kwargs)
        for secret in parts(made):
            note(secret, kind)
        return made

    setattr(owner, name, noting)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    result = yield
    _complain()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    result = yield
    _complain()
    return result


def _complain() -> None:
    if records := take():
        pytest.fail("A secret was logged:\n" + "\n".join(records), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def _logs_of_servers() -> Iterator[None]:
    """In the end, look also into what the servers of this run wrote down."""
    yield
    for file in (Path(os.environ["PORTAL_TEST_STATE"]) / "log").rglob("*"):
        kinds = found_in(file.read_text(errors="replace")) if file.is_file() else []
        if kinds:
            pytest.fail(f"The log {file.name} holds {', '.join(kinds)}.", pytrace=False)
