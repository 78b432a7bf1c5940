"""The commands of docs/api.md, run as they stand there."""

import os
import re
import shutil
import subprocess

import pytest

from portal.runtime.processes import ROOT

ACCOUNT = "aws:555566667777"
SUBSCRIPTION, DIRECTORY = "aaaabbbb-0000-4000-8000-ccccdddd5555", "dddd1111-0000-4000-8000-000000005555"
COMMANDS = "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL))


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_commands_of_the_guide_lead_to_active_hosts_and_back(demo, sandbox, azure, workplace):
    sandbox.ask("POST", "accounts", {"account": ACCOUNT.removeprefix("aws:")})
    azure.ask("POST", "subscriptions", {"subscription_id": SUBSCRIPTION, "directory_id": DIRECTORY})
    token = next(one["token"] for one in demo["tokens"] if one["tenant"] == "acme")
    accounts = {"ACCOUNT": ACCOUNT, "SUBSCRIPTION": f"azure:{SUBSCRIPTION}", "DIRECTORY": DIRECTORY}
    known = {"PORTAL": demo["base_url"], "TOKEN": token, **accounts}

    done = subprocess.run(  # noqa: S603 -- the text of our own guide
        ["bash", "-euo", "pipefail", "-c", COMMANDS],  # noqa: S607 -- wherever it is
        cwd=workplace,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert (done.returncode, done.stderr[-2000:]) == (0, "")
    assert re.findall(r"^(query-\d)  i-\w+  active$", done.stdout, re.MULTILINE) == [
        "query-3",
        "query-2",
        "query-1",
    ]
