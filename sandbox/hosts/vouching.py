"""The certificates with which the pretend clouds sign what they say of their machines.

With the real clouds an operator puts them there, see docs/host-identity.md.
"""

import http.client
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.hosts.machines import TIMEOUT, Machine, Unreachable, region_of

_PAGE = "/_sandbox/identity-certificates"


class Certificates:
    """A folder of them, in which a cloud's stand as soon as one of its machines is there."""

    def __init__(self, folder: Path, azure_url: str | None = None, azure_ca: Path | None = None) -> None:
        self._folder = folder
        self._azure_url, self._azure_ca = azure_url, azure_ca

    def bring_for(self, machine: Machine) -> None:
        """Have those with which the machine's documents are signed; raises Unreachable."""
        {"aws": self._of_aws, "azure": self._of_azure}[machine.cloud](machine)

    def _of_aws(self, machine: Machine) -> None:
        region = region_of(machine)
        file = self._folder / "aws" / f"{region}.pem"
        if not file.exists():
            cloud = machine.metadata_url.partition("/_sandbox/")[0]
            _write(file, _ask(cloud, {"region": region})[region])

    def _of_azure(self, machine: Machine) -> None:
        folder = self._folder / "azure"
        if self._azure_url and not (folder / "roots.pem").exists():
            found = _ask(self._azure_url, {}, self._azure_ca)
            _write(folder / "intermediates.pem", found["intermediates"])
            _write(folder / "roots.pem", found["roots"])


def _ask(url: str, query: dict[str, str], ca_file: Path | None = None) -> Any:
    connection = _connection(url, ca_file)
    try:
        connection.request("GET", f"{_PAGE}?{urlencode(query)}" if query else _PAGE)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url} does not answer: {error!r}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise Unreachable(f"{url} answers {answer.status}.")
    return json.loads(body)


def _connection(url: str, ca_file: Path | None) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=context)


def _write(file: Path, text: str) -> None:
    """At once or not at all: the portal may read at this moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)
