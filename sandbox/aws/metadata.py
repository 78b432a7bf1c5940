"""The instance metadata service, version 2, for programs that play an instance.

A real instance asks 169.254.169.254. Here nothing boots, so whoever plays one asks below
/_sandbox/instances/<instance id>/, and gets what that instance would get.
"""

import base64
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from sandbox.aws.patches.lookups import INSTANCES
from sandbox.aws.wire import Reply, Request
from sandbox.notary import RegionalNotary

LONGEST_TOKEN = 21_600  # seconds
LINE = 64  # letters of base64 in a line
_PATHS = re.compile(r"instances/(i-[0-9a-f]+)/latest/(.+)")
_TOKEN, _TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"


class Metadata:
    """Answers for each instance that lives, to those who bring its token."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.notary = RegionalNotary()
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}  # to the instance, and when it ends

    def answer(self, request: Request, path: str) -> Reply:
        """`path` is below /_sandbox/."""
        found = _PATHS.fullmatch(path)
        instance = _living(found[1]) if found else None
        if found is None or instance is None:
            return _refusal(404, "Not Found")
        if found[2] == "api/token":
            return self._new_token(request, instance.id)
        if request.method != "GET":
            return _refusal(405, "Method Not Allowed")
        if not self._is_valid(request.header(_TOKEN) or "", instance.id):
            return _refusal(401, "Unauthorized")
        return self._told(instance, found[2])

    def _new_token(self, request: Request, instance_id: str) -> Reply:
        wanted = request.header(_TTL) or ""
        if request.method != "PUT":
            return _refusal(405, "Method Not Allowed")
        # A proxy on the instance must not hand tokens to strangers, so AWS refuses what passed one.
        if request.header("X-Forwarded-For"):
            return _refusal(403, "Forbidden")
        if not re.fullmatch(r"[0-9]{1,5}", wanted) or not 1 <= int(wanted) <= LONGEST_TOKEN:
            return _refusal(400, "Bad Request")
        token = secrets.token_urlsafe(42)
        with self._lock:
            self._tokens[token] = instance_id, self._clock() + int(wanted)
        return _text(token)

    def _is_valid(self, token: str, instance_id: str) -> bool:
        with self._lock:
            owner, ends = self._tokens.get(token, ("", 0.0))
        return owner == instance_id and self._clock() < ends

    def _told(self, instance: Any, what: str) -> Reply:
        region = instance.ec2_backend.region_name
        facts: dict[str, Callable[[], str]] = {
            "dynamic/instance-identity/document": lambda: _document(instance).decode(),
            "dynamic/instance-identity/rsa2048": lambda: _lines(
                self.notary.sign(_document(instance), region)
            ),
            "user-data": lambda: _user_data(instance),
            "meta-data/instance-id": lambda: str(instance.id),
            "meta-data/ami-id": lambda: str(instance.image_id),
            "meta-data/placement/region": lambda: str(region),
        }
        told = facts[what]() if what in facts else ""
        return _text(told) if told else _refusal(404, "Not Found")


def living_instances() -> list[str]:
    """The ids of all instances that run, in all accounts."""
    return sorted(name for name in list(INSTANCES) if _living(name) is not None)


def _living(instance_id: str) -> Any | None:
    found = INSTANCES.get(instance_id)
    return None if found is None or found.state in ("terminated", "shutting-down", "stopped") else found


def _document(instance: Any) -> bytes:
    """In AWS' layout; it is signed as these bytes."""
    facts = {
        "accountId": instance.owner_id,
        "architecture": instance.ec2_backend.amis[instance.image_id].architecture,
        "availabilityZone": instance.placement.availability_zone,
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": instance.image_id,
        "instanceId": instance.id,
        "instanceType": instance.instance_type,
        "kernelId": None,
        "pendingTime": f"{instance.launch_time:%Y-%m-%dT%H:%M:%SZ}",
        "privateIp": instance.private_ip,
        "ramdiskId": None,
        "region": instance.ec2_backend.region_name,
        "version": "2017-09-30",
    }
    return json.dumps(facts, indent=2, separators=(",", " : ")).encode()


def _user_data(instance: Any) -> str:
    return str(instance.user_data.decode()) if instance.user_data else ""


def _lines(signed: bytes) -> str:
    encoded = base64.b64encode(signed).decode()
    return "\n".join(encoded[begin : begin + LINE] for begin in range(0, len(encoded), LINE))


def _text(body: str) -> Reply:
    raw = body.encode()
    return Reply("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(raw)))], raw)


def _refusal(status: int, reason: str) -> Reply:
    return Reply(f"{status} {reason}", [("Content-Type", "text/plain"), ("Content-Length", "0")], b"")
