import json
import os
import signal
import subprocess
import sys

import boto3
import pytest

from sandbox.aws.client import control

TEMPLATE = """
Parameters: {Cidr: {Type: String}}
Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Cidr}}}
Outputs: {Vpc: {Value: !Ref Vpc}}
"""
TENANT = "111122223333"


def command(*arguments):
    return [sys.executable, "-m", "sandbox.aws", *arguments]


@pytest.fixture(scope="module")
def served():
    """A sandbox in a process of its own: its announcement and its process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command("--account", TENANT), **pipes) as process:  # noqa: S603 -- our own
        yield json.loads(process.stdout.readline()), process
        process.kill()


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)  # noqa: S603 -- our own


def test_it_announces_addresses_and_keys_in_one_line(served):
    announced, _ = served
    key = announced["accounts"][0]

    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=announced["url"],
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )

    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{TENANT}:root"
    assert announced["portal"]["arn"] == "arn:aws:iam::999900001111:user/enclave-portal"


def test_a_stack_is_applied_and_removed_from_the_command_line(served, tmp_path):
    url = served[0]["url"]
    template = tmp_path / "zone.yaml"
    template.write_text(TEMPLATE)
    where = ("--account", TENANT, "--endpoint-url", url, "--region", "eu-west-1")

    applied = run("apply", str(template), *where, "--parameter", "Cidr=10.0.0.0/16")
    listed = [stack["name"] for stack in control(url, "GET", "stacks")]
    removed = run("delete", *where, "--stack-name", "zone")

    assert (applied.returncode, listed, removed.returncode) == (0, ["zone"], 0)
    assert "zone: CREATE_COMPLETE" in applied.stdout
    assert "zone: DELETE_COMPLETE" in removed.stdout


def test_a_template_that_fails_says_why(served, tmp_path):
    template = tmp_path / "zone.yaml"
    template.write_text(TEMPLATE)

    failed = run("apply", str(template), "--account", TENANT, "--endpoint-url", served[0]["url"])

    assert (failed.returncode, failed.stderr.strip()) == (1, "Parameters: [Cidr] must have values")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(number):
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command("serve", "--port", "0"), **pipes) as process:  # noqa: S603 -- our own
        url = json.loads(process.stdout.readline())["url"]
        process.send_signal(number)
        _, guide = process.communicate(timeout=20)

    assert process.returncode == 0
    assert f"AWS_ENDPOINT_URL={url}" in guide
    assert "Traceback" not in guide
