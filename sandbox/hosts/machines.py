"""Which machines the pretend clouds have, and what each was told at its birth."""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 5  # seconds
MARK = "#cloud-config"


@dataclass(frozen=True, order=True)
class Machine:
    """A machine that runs: `metadata_url` is where it would find 169.254.169.254."""

    cloud: str
    id: str
    metadata_url: str


class Unreachable(Exception):
    """A sandbox does not answer."""


def running(clouds: Mapping[str, str]) -> list[Machine]:
    """All machines that run now, by the addresses of the clouds' metadata services; raises Unreachable."""
    return [machine for cloud, url in clouds.items() for machine in _machines(cloud, url.rstrip("/"))]


def agent_config(machine: Machine) -> dict[str, Any] | None:
    """The agent's configuration in a machine's user data; None if it was told nothing of an agent."""
    text = _ask(machine.metadata_url, *_USER_DATA[machine.cloud](machine))
    if not text.startswith(MARK):
        return None
    told = json.loads(text.partition("\n")[2])
    for file in told.get("write_files", ()):
        if file["path"].endswith("/config.json"):
            content = file["content"]
            plain = base64.b64decode(content).decode() if file.get("encoding") == "b64" else content
            return dict(json.loads(plain))
    return None


def region_of(machine: Machine) -> str:
    """Where a machine of AWS runs; raises Unreachable."""
    return _ask(machine.metadata_url, "GET", "/latest/meta-data/placement/region", _imds_token(machine))


def _machines(cloud: str, url: str) -> Iterator[Machine]:
    for name in json.loads(_ask(url, "GET", "/_sandbox/instances", {})):
        yield Machine(cloud, name, f"{url}/_sandbox/instances/{name}")


def _of_aws(machine: Machine) -> tuple[str, str, dict[str, str]]:
    return "GET", "/latest/user-data", _imds_token(machine)


def _imds_token(machine: Machine) -> dict[str, str]:
    wanted = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    return {"X-aws-ec2-metadata-token": _ask(machine.metadata_url, "PUT", "/latest/api/token", wanted)}


def _of_azure(machine: Machine) -> tuple[str, str, dict[str, str]]:
    query = "api-version=2021-01-01&format=text"
    return "GET", f"/metadata/instance/compute/userData?{query}", {"Metadata": "true"}


_USER_DATA = {"aws": _of_aws, "azure": _of_azure}


def _ask(base_url: str, method: str, path: str, headers: Mapping[str, str]) -> str:
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request(method, parts.path + path, headers={**headers, "Content-Length": "0"})
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{base_url} does not answer: {error!r}") from error
    finally:
        connection.close()
    if answer.status == http.client.NOT_FOUND:
        return ""
    if answer.status != http.client.OK:
        raise Unreachable(f"{base_url} answers {answer.status}.")
    return _plain(body) if "userData" in path else body


def _plain(body: str) -> str:
    """Azure hands user data out in base64."""
    return base64.b64decode(body).decode() if body else ""
