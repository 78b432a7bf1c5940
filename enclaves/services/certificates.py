"""Certificates for people's own SSH keys. The signer makes them: pages and API hold no key that signs."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from django.conf import settings
from django.core.exceptions import ValidationError

from enclaves.models import AccessCertificate, AccessRequest
from enclaves.services.access import Person, must_be_of
from enclaves.signing.errors import SigningRefused
from enclaves.signing.ssh_keys import parse_public_key
from tenants.errors import Refused

log = logging.getLogger(__name__)

_TIMEOUT: Final = 5  # seconds
_DIRECTLY: Final = build_opener(ProxyHandler({}))  # a proxy of the environment would read the secret


def request_certificate(request: AccessRequest, *, by: Person, public_key: str) -> AccessCertificate:
    """Have one's own public key certified for one's own grant.

    Raises Forbidden for anybody else, ValidationError for what is no key or one that is too weak, and
    Refused where the grant opens nothing, or the signer does not answer.
    """
    must_be_of(request, by)
    try:
        key = parse_public_key(public_key.strip())
    except SigningRefused as error:
        raise ValidationError({"public_key": str(error)}) from error
    if not request.opens_now:
        raise Refused(f"{request} opens nothing now: it is {request.state.replace('_', ' ')}.")
    answer = _ask({"request": str(request.pk), "public_key": key.line})
    return request.certificates.get(pk=answer["id"])


def _ask(body: dict[str, str]) -> Any:
    if not settings.SIGNER_URL:
        raise Refused("This portal has no signer, so nobody can get onto hosts. Its operators set one up.")
    headers = {"Authorization": f"Bearer {settings.SIGNER_SECRET}", "Content-Type": "application/json"}
    url = f"{settings.SIGNER_URL}/certificates"
    wanted = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 -- from the settings
    try:
        with _DIRECTLY.open(wanted, timeout=_TIMEOUT) as answer:
            return json.load(answer)
    except HTTPError as error:
        if error.code == HTTPStatus.CONFLICT:
            raise Refused(str(json.load(error)["detail"])) from error
        log.error("The signer answers %s.", error.code)
        raise Refused("The signer does not work; the operators see why. Try again in a minute.") from error
    except (URLError, OSError, ValueError) as error:
        log.error("The signer does not answer: %s", error)
        raise Refused("The signer does not answer. Try again in a minute.") from error
