"""How fast keys sign, sessions begin and end, and the API of the demo answers: ``make bench``."""

import argparse
import http.client
import statistics
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks import sessions, signing
from benchmarks.demo import running_demo

PATHS = (
    "/healthz",
    "/api/v1/zones/",
    "/api/v1/tenants/acme/cloud-accounts/",
    "/api/v1/tenants/acme/enclaves/",
    "/api/v1/tenants/acme/deployments/",
    "/api/v1/tenants/acme/hosts/",
    "/api/v1/tenants/acme/operations/",
    "/api/v1/tenants/acme/audit-events/",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    signing.main()
    sessions.measure()
    with running_demo() as facts:
        print(f"{'path':<44} {'p50 ms':>8} {'p95 ms':>8} {'bytes':>8} {'× first':>8}")
        baseline = 0.0
        for path in PATHS:
            p50, p95, size = _measure(facts, path, rounds)
            baseline = baseline or p50
            print(f"{path:<44} {p50:>8.1f} {p95:>8.1f} {size:>8} {p50 / baseline:>8.1f}")


def _measure(facts: dict[str, Any], path: str, rounds: int) -> tuple[float, float, int]:
    """Return the median and the 95th percentile in milliseconds, and the bytes of an answer."""
    connection = http.client.HTTPConnection(urlsplit(facts["base_url"]).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {facts['tokens'][0]['token']}"}
    times, size = [], 0
    for _ in range(rounds + 1):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path} answered {answer.status}.")
    connection.close()
    # The first request fills caches and opens connections, which is not what is asked.
    return statistics.median(times[1:]), statistics.quantiles(times[1:], n=20)[-1], size


if __name__ == "__main__":
    main()
