"""Change a deployment of the demo under faults and killed workers; see that it converges (make soak)."""

import argparse
import os
import random
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.client import Client, Refused
from benchmarks.demo import ROOT, running_demo
from portal.runtime.sandbox import SandboxAws

ACCOUNT = "111122223333"
ENCLAVE = f"aws:{ACCOUNT}/prod.aws-us-east-1c"
PATIENCE = 180  # seconds for the demo to converge once nobody disturbs it any more
FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "ec2:*", "error": "RequestLimitExceeded", "times": 5},
    {"action": "ec2:RunInstances", "error": "InsufficientInstanceCapacity", "times": 2},
    {"action": "ec2:RunInstances", "cut": True},
    {"action": "ec2:TerminateInstances", "error": "InternalError", "status": 500},
    {"action": "sts:AssumeRole", "error": "ServiceUnavailable", "status": 503, "times": 3},
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f"Seed {seed}, {options.minutes} minutes.")
    with running_demo() as facts:
        client, sandbox = Client(facts), SandboxAws(urlsplit(_sandbox_url(facts)).port or 0)
        hosts = _disturb(client, sandbox, random.Random(seed), options.minutes * 60)  # noqa: S311 -- no secret
        _converge(client, hosts)
        _compare_with_cloud(client)


def _sandbox_url(facts: dict[str, Any]) -> str:
    url: str = facts["sandbox"]["aws"]["endpoint_url"]
    return url


def _disturb(client: Client, sandbox: SandboxAws, chance: random.Random, seconds: float) -> int:
    """Change the wanted hosts again and again, while calls fail and workers die; return the last wish."""
    deadline, hosts = time.monotonic() + seconds, 1
    while time.monotonic() < deadline:
        hosts = chance.randint(1, 6)
        _wish(client, hosts)
        fault = chance.choice(FAULTS)
        sandbox.ask("POST", "faults", {"account": ACCOUNT, **fault})
        if chance.random() < 0.3:  # noqa: PLR2004 -- every third time or so
            _kill_worker()
        time.sleep(chance.uniform(1, 20))
    sandbox.ask("DELETE", "faults", {})
    return hosts


def _wish(client: Client, hosts: int) -> None:
    machine = {"vcpu": 2, "memory_gib": 8, "disk_gib": 50, "architecture": "arm64"}
    spec = {
        "application": "soak",
        "enclave": ENCLAVE,
        "image": f"registry.example.com/soak@sha256:{'5a' * 32}",
        "clusters": [{"name": "soak", "hosts": hosts, "machine": machine}],
    }
    try:
        revision = client.ask("POST", "deployments/", spec)
        path = f"deployments/{revision['deployment']}/apply/"
        client.ask("POST", path, {"plan_hash": revision["plan_hash"]})
        print(f"{hosts} hosts wanted")
    except Refused as refusal:  # a plan that the faults overtook, or an account that lost its proof
        print(f"not now: {refusal}")


def _kill_worker() -> None:
    supervisor = int((ROOT / ".run" / "lock").read_text())
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    for process in children:
        if b"worker" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
            os.kill(int(process), signal.SIGKILL)
            print("worker killed")


def _converge(client: Client, hosts: int) -> None:
    deadline = time.monotonic() + PATIENCE
    client.ask("POST", f"cloud-accounts/aws:{ACCOUNT}/verify/")
    while (deployment := _deployment(client))["state"] != "live":
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not converge: {deployment}")
        if deployment["state"] != "rolling_out":
            _wish(client, hosts)
        time.sleep(2)
    print(f"Converged: {deployment['hosts']}")


def _deployment(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.ask("GET", "deployments/?application=soak")["results"][0]
    return found


def _compare_with_cloud(client: Client) -> None:
    """No machine twice, none forgotten: what the account has is what the portal says that it has."""
    hosts = client.ask("GET", "hosts/?state=active&limit=500")["results"]
    enclave = client.ask("GET", f"enclaves/{ENCLAVE}/")
    unexplained = enclave.get("unexplained", [])
    print(f"{len(hosts)} active hosts in all, {len(unexplained)} unexplained machines in the account.")
    if unexplained:
        raise SystemExit(f"Machines that no row explains: {unexplained}")


if __name__ == "__main__":
    main()
