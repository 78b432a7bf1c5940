"""What each process must have in production, and what it must not have. Each asks before it begins."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error

from enclaves.identity.certificates import CertificatesMissing, load
from portal.checks import SHORTEST_KEY

_MAKE_ONE = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
_NOT_HERE = "Take it out of this process: who takes the process over shall not have it."


def worker_settings() -> list[CheckMessage]:
    """Say what the worker lacks to sign for the portal, or has that others may know."""
    if not settings.PRODUCTION:
        return []
    found = _too_short("SIGNING_SECRET", "portal.E050")
    if settings.SIGNING_SECRET and settings.SIGNING_SECRET == settings.SECRET_KEY:
        text = "PORTAL_SIGNING_SECRET is the same as PORTAL_SECRET_KEY, which the web process has too."
        found.append(Error(text, hint=_MAKE_ONE, id="portal.E051"))
    if settings.GATEWAY_URLS:
        found += _too_short("SSH_SECRET", "portal.E052")
    return found


def web_settings() -> list[CheckMessage]:
    """Say what the web process has, and must not have."""
    if not settings.PRODUCTION:
        return []
    return _unwanted({"SSH_SECRET": "portal.E060", "SSH_OLD_SECRETS": "portal.E060"}, "the web process")


def signer_settings() -> list[CheckMessage]:
    """Say what the signer lacks, or has that is not its own."""
    if not settings.PRODUCTION:
        return []
    return [
        *_too_short("SSH_SECRET", "portal.E070"),
        *_too_short("GATEWAY_SECRET", "portal.E071"),
        *_too_short("SIGNER_SECRET", "portal.E072"),
        *_unwanted({"SIGNING_SECRET": "portal.E073"}, "the signer"),
        *_no_certificates(),
    ]


def refuse_unsafe_process() -> None:
    """End the web process or the signer, whichever this is, before it answers anybody; raises SystemExit."""
    errors = signer_settings() if settings.PROCESS == "signer" else web_settings()
    if errors:
        raise SystemExit("\n".join(map(str, errors)))


def _too_short(name: str, number: str) -> list[CheckMessage]:
    if len(getattr(settings, name)) >= SHORTEST_KEY:
        return []
    return [Error(f"PORTAL_{name} has fewer than {SHORTEST_KEY} characters.", hint=_MAKE_ONE, id=number)]


def _unwanted(names: dict[str, str], process: str) -> list[CheckMessage]:
    return [
        Error(f"PORTAL_{name} is set for {process}.", hint=_NOT_HERE, id=number)
        for name, number in names.items()
        if getattr(settings, name)
    ]


def _no_certificates() -> list[CheckMessage]:
    """Every file that is there must be readable, and at least one cloud must be there."""
    folder = Path(settings.IDENTITY_CERTIFICATES or "/nowhere")
    files = [*folder.glob("aws/*.pem"), *folder.glob("azure/*.pem")]
    problem = _unreadable(files) if files else f"{folder} holds no aws/<region>.pem and no azure/roots.pem."
    if not problem:
        return []
    hint = "Fetch the clouds' certificates as docs/host-identity.md says: without them no host is believed."
    return [Error(f"PORTAL_IDENTITY_CERTIFICATES: {problem}", hint=hint, id="portal.E074")]


def _unreadable(files: Iterable[Path]) -> str:
    try:
        for file in files:
            load(file)
    except CertificatesMissing as error:
        return str(error)
    return ""
