"""Slows down whoever guesses passwords and codes, and never the person whose they are.

A device that signed in to an account before shows a signed cookie and is counted for itself. All others share
the account's count, so a stranger who fails on purpose shuts out strangers: the person's own devices, a
passkey and a reset of the password still lead in.
"""

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Any, Final

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

DEVICE_COOKIE: Final = "device"
TOO_MANY: Final = (
    "Too many attempts. Wait 15 minutes, use a device that has signed in before or a passkey, or reset the "
    "password."
)
_SALT: Final = "tenants.lockout.device"
_KEPT_SECONDS: Final = 180 * 24 * 3600
_ACCOUNTS_OF_A_DEVICE: Final = 5
_AFTER_A_RESET_SECONDS: Final = 15 * 60


@dataclass(frozen=True)
class Limits:
    """How often it may fail in how many seconds: on a known device, from one client, from all others."""

    device: tuple[int, int]
    client: tuple[int, int]
    account: tuple[int, int]


LIMITS: Final = {
    "password": Limits(device=(10, 900), client=(10, 900), account=(50, 3600)),
    "code": Limits(device=(5, 900), client=(5, 900), account=(20, 3600)),
}
# From one network at whatever accounts: enough for an office, too few to try a list.
_NETWORK: Final = (100, 900)


@dataclass(frozen=True)
class Attempt:
    """A try that was counted as a failure before its outcome is known, so that none slips past the count."""

    counts: tuple[str, ...]

    def forgive(self) -> None:
        """It went well. Failures before it still count, or a success at times would buy more guesses."""
        for count in self.counts:
            if cache.get(count, 0) > 0:
                cache.decr(count)


def begin(request: HttpRequest, address: str, kind: str = "password") -> Attempt:
    """Count a try at the account of an address, whether there is one or not.

    Raises ValidationError where there were too many.
    """
    limits = _limits(request, address, kind)
    for count, (most, seconds) in limits.items():
        if _counted(count, seconds) > most:
            raise ValidationError(TOO_MANY, code="too_many_login_attempts")
    return Attempt(tuple(limits))


def remember_device(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """Know this device again when it signs in to the account of the address."""
    others = [entry for entry in _devices(request) if entry[0] != _digest(address)]
    known = [[_digest(address), secrets.token_urlsafe(12)], *others][:_ACCOUNTS_OF_A_DEVICE]
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps(known, salt=_SALT),
        max_age=_KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def trust_for_now(request: HttpRequest, address: str) -> None:
    """Count this client for itself for a while: it came by a link that only the address was sent."""
    cache.set(f"lockout:proven:{_pair(request, address)}", True, timeout=_AFTER_A_RESET_SECONDS)


def _limits(request: HttpRequest, address: str, kind: str) -> dict[str, tuple[int, int]]:
    limits, own = LIMITS[kind], _digest(address)
    for account, device in _devices(request):
        if account == own:
            return {f"lockout:{kind}:device:{device}": limits.device}
    pair = _pair(request, address)
    client = {f"lockout:{kind}:client:{pair}": limits.client}
    if cache.get(f"lockout:proven:{pair}"):
        return client
    network = {f"lockout:{kind}:network:{_client(request)}": _NETWORK}
    return {**client, **network, f"lockout:{kind}:account:{own}": limits.account}


def _counted(count: str, seconds: int) -> int:
    cache.add(count, 0, timeout=seconds)
    try:
        return int(cache.incr(count))
    except ValueError:  # it ended between the two lines
        cache.set(count, 1, timeout=seconds)
        return 1


def _devices(request: HttpRequest) -> list[list[str]]:
    try:
        found: Any = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=_SALT, max_age=_KEPT_SECONDS)
    except signing.BadSignature:
        return []
    return list(found)


def _pair(request: HttpRequest, address: str) -> str:
    return f"{_digest(address)}:{_client(request)}"


def _digest(address: str) -> str:
    return salted_hmac(_SALT, address.strip().lower(), algorithm="sha256").hexdigest()[:32]


def _client(request: HttpRequest) -> str:
    """Where a request comes from; of IPv6 the network, because whoever has one address there has them all."""
    address = ipaddress.ip_address(get_client_ip(request) or "0.0.0.0")  # noqa: S104 -- stands for nobody knows
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
