"""The instance metadata service, for programs that play a machine.

A real machine asks 169.254.169.254. Here nothing boots, so whoever plays one asks below
/_sandbox/instances/<vmId>/, and gets what that machine would get.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.azure.ids import ResourceId
from sandbox.azure.store import Resource
from sandbox.azure.types.compute.machines import NAME as MACHINES
from sandbox.azure.wire import Reply, Request, reply
from sandbox.azure.world import World
from sandbox.notary import ChainNotary

SERVICE = "metadata.azure.com"
LASTS = timedelta(hours=6)
_PATHS = re.compile(
    r"instances/([0-9a-f-]{36})/metadata/(attested/document|instance|instance/compute/userData)"
)
_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_NONCE = re.compile(r"[0-9]{1,10}")


class Metadata:
    """Answers for each machine that runs, to those who ask as a machine does."""

    def __init__(self, world: World) -> None:
        self.notary = ChainNotary(SERVICE)
        self._world = world

    def answer(self, request: Request, path: str) -> Reply:
        """`path` is below /_sandbox/."""
        found = _PATHS.fullmatch(path)
        machine = self._running(found[1]) if found else None
        if found is None or machine is None:
            return _refusal(404, "Not found")
        if request.method != "GET":
            return _refusal(405, "Method not allowed")
        # A page or a proxy that somebody tricked lacks the one header or brings the other.
        if request.headers.get("metadata", "").lower() != "true" or "x-forwarded-for" in request.headers:
            return _refusal(400, "Bad request. Required metadata header not specified")
        if not _VERSION.fullmatch(request.query.get("api-version", "")):
            return _refusal(400, "Bad request. api-version was not specified in the request")
        answers: dict[str, Callable[[Resource, Request], Reply]] = {
            "attested/document": self._attested,
            "instance": self._instance,
            "instance/compute/userData": self._user_data,
        }
        return answers[found[2]](machine, request)

    def _running(self, vm_id: str) -> Resource | None:
        with self._world.lock:
            self._world.tick()
            machines = self._world.of_type(MACHINES)
            found = next((one for one in machines if one["properties"].get("vmId") == vm_id), None)
            is_running = found is not None and self._world.facts(found["id"]).get("power") == "running"
            return found if is_running else None

    def every_running(self) -> list[str]:
        """The vmIds of all machines that run, in all subscriptions."""
        with self._world.lock:
            self._world.tick()
            machines = self._world.of_type(MACHINES)
            on = [one for one in machines if self._world.facts(one["id"]).get("power") == "running"]
            return sorted(one["properties"]["vmId"] for one in on)

    def _attested(self, machine: Resource, request: Request) -> Reply:
        # By real time, as the tokens are: whoever verifies it knows nothing of the sandbox's clock.
        now = datetime.now(UTC)
        nonce = request.query.get("nonce") or f"{now:%Y%m%d-%H%M%S}"
        if "nonce" in request.query and not _NONCE.fullmatch(nonce):
            return _refusal(400, "Bad request. The nonce is not a number of at most ten digits")
        facts = {
            "licenseType": "",
            "nonce": nonce,
            "plan": {"name": "", "product": "", "publisher": ""},
            "sku": "",
            "subscriptionId": ResourceId.parse(machine["id"]).subscription,
            "timeStamp": {"createdOn": _written(now), "expiresOn": _written(now + LASTS)},
            "vmId": machine["properties"]["vmId"],
        }
        signature = self.notary.sign(json.dumps(facts, separators=(",", ":")).encode())
        return reply(200, {"encoding": "pkcs7", "signature": base64.b64encode(signature).decode()})

    def _instance(self, machine: Resource, request: Request) -> Reply:
        resource = ResourceId.parse(machine["id"])
        facts = {
            "location": machine["location"],
            "name": resource.name,
            "resourceGroupName": resource.group,
            "resourceId": machine["id"],
            "subscriptionId": resource.subscription,
            "vmId": machine["properties"]["vmId"],
            "vmSize": machine["properties"]["hardwareProfile"]["vmSize"],
            "zone": next(iter(machine.get("zones") or []), ""),
        }
        return reply(200, {"compute": facts})

    def _user_data(self, machine: Resource, request: Request) -> Reply:
        """As Azure has it: in base64, and as plain text only if asked for."""
        if request.query.get("format") != "text":
            return _refusal(400, "Bad request. A leaf is told with format=text")
        text = str(self._world.facts(machine["id"]).get("userData", ""))
        return Reply(200, text.encode(), {"Content-Type": "text/plain"})


def _written(moment: datetime) -> str:
    return f"{moment:%m/%d/%y %H:%M:%S} -0000"


def _refusal(status: int, text: str) -> Reply:
    return reply(status, {"error": text})
