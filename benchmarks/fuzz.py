"""Ask a demo what its OpenAPI document does not promise, with the token of an admin (make fuzz).

It finds answers that fail, that the document does not know, or that hold something of another tenant.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from portal.runtime.processes import ROOT
from portal.testing_demo import running_demo

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
    "nothing_of_another_tenant",
)
# Their rows are in the demo, and their ids must be in no answer to anybody else.
NOUNS: Final = ("cloud-accounts", "enclaves", "deployments", "hosts", "operations", "members", "tokens")
# What the addresses below one's own tenant name; at random ones there is nothing to find.
MINE: Final = (*NOUNS, "invitations", "notifications", "applications", "service-accounts")
NAME: Final = {
    "cloud-accounts": "account",
    "enclaves": "zone",
    "applications": "name",
    "service-accounts": "name",
}
_MOST = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run")
    parser.add_argument("--report", type=Path, default=None, help="a folder for what was asked and answered")
    options = parser.parse_args()
    with running_demo() as facts:
        command = [*_command(facts["base_url"], options), *_checks()]
        return subprocess.run(command, cwd=ROOT, env=_environment(facts), check=False).returncode  # noqa: S603


def _command(base_url: str, options: argparse.Namespace) -> list[str]:
    seconds = str(max(1, int(options.minutes * 60)))
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{base_url}/api/v1/schema/"]
    command += ["--max-time", seconds, "--continue-on-failure", "--suppress-health-check", "all"]
    # Staff have no tokens; their part of the API is for sessions.
    command += ["--exclude-path-regex", "^/api/v1/staff/"]
    command += ["--seed", str(options.seed)] if options.seed is not None else []
    return command + (["--report", "ndjson", "--report-dir", str(options.report)] if options.report else [])


def _checks() -> list[str]:
    return ["--checks", ",".join(CHECKS)]


def _environment(facts: dict[str, Any]) -> dict[str, str]:
    mine, theirs = _token(facts, "acme"), _token(facts, "globex")
    return {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "benchmarks.fuzz_hooks",
        "FUZZ_TOKEN": mine,
        "FUZZ_KEPT": json.dumps(_kept(facts["base_url"], mine)),
        "FUZZ_NAMES": json.dumps({noun: _names(facts["base_url"], mine, noun) for noun in MINE}),
        "FUZZ_MARKS": json.dumps(_ids(facts["base_url"], "globex", theirs, NOUNS)),
    }


def _token(facts: dict[str, Any], tenant: str) -> str:
    found = [token for token in facts["tokens"] if token["tenant"] == tenant and "admin" in token["roles"]]
    return str(found[0]["token"])


def _kept(base_url: str, token: str) -> list[str]:
    """What the token rests on, and must not be ended by the walk."""
    return _ids(base_url, "acme", token, ("tokens", "members")) + _names(base_url, token, "service-accounts")


def _ids(base_url: str, tenant: str, token: str, nouns: tuple[str, ...]) -> list[str]:
    """The ids and names of what a tenant has now."""
    rows = [row for noun in nouns for row in _rows(base_url, tenant, token, noun)]
    found = [str(row[name]) for row in rows for name in ("id", "email", "external_id") if row.get(name)]
    return sorted(set(found))


def _names(base_url: str, token: str, noun: str) -> list[str]:
    """What acme's things of a kind are called in addresses."""
    return [str(row.get(NAME.get(noun, "id"))) for row in _rows(base_url, "acme", token, noun)]


def _rows(base_url: str, tenant: str, token: str, noun: str) -> list[dict[str, Any]]:
    address = f"{base_url}/api/v1/tenants/{tenant}/{noun}/?limit={_MOST}"
    request = Request(address, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 -- the demo
    with urlopen(request, timeout=30) as answer:  # noqa: S310 -- the demo
        return list(json.load(answer)["results"])


if __name__ == "__main__":
    sys.exit(main())
