"""The cloud's own word on which machine this is, from its metadata service, which speaks plain HTTP.

AWS: instance identity documents through IMDSv2. Azure: attested data.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Callable
from urllib.parse import urlencode, urlsplit

_TIMEOUT = 5  # seconds
_MOST = 64 * 1024  # bytes
_OK = 200
_AZURE_VERSION = "2021-02-01"
_AWS_TTL = "60"


class MetadataUnavailable(Exception):
    """The metadata service does not answer as it should."""


def identity_document(cloud: str, base_url: str, nonce: str) -> str:
    """The signed document, as the cloud gives it: base64 of CMS. Raises MetadataUnavailable.

    Azure writes the nonce into it. AWS' documents hold none.
    """
    ask: Callable[[str, str], str] = {"aws": _aws, "azure": _azure}[cloud]
    try:
        return ask(base_url.rstrip("/"), nonce)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise MetadataUnavailable(f"The metadata service does not answer: {error!r}.") from error


def _aws(base_url: str, nonce: str) -> str:
    wanted = {"X-aws-ec2-metadata-token-ttl-seconds": _AWS_TTL}
    token = _fetch("PUT", f"{base_url}/latest/api/token", wanted)
    url = f"{base_url}/latest/dynamic/instance-identity/rsa2048"
    return _fetch("GET", url, {"X-aws-ec2-metadata-token": token})


def _azure(base_url: str, nonce: str) -> str:
    query = urlencode({"api-version": _AZURE_VERSION, "nonce": nonce})
    answer = _fetch("GET", f"{base_url}/metadata/attested/document?{query}", {"Metadata": "true"})
    return str(json.loads(answer)["signature"])


def _fetch(method: str, url: str, headers: Mapping[str, str]) -> str:
    """One request, past every proxy that the environment may name."""
    host, path = _split(url)
    connection = http.client.HTTPConnection(host, timeout=_TIMEOUT)
    try:
        connection.request(method, path, headers=_sent(headers))
        response = connection.getresponse()
        body = response.read(_MOST).decode()
    finally:
        connection.close()
    if response.status != _OK:
        raise MetadataUnavailable(f"The metadata service answers {response.status} for {path}.")
    return body


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")


def _sent(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Content-Length": "0"}
