"""`python -m sandbox.aws`: a pretend AWS for anybody with boto3 or the aws CLI, and stacks in it."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from sandbox.aws.client import SandboxError, StackView, apply_template, delete_stack

COMMANDS = ("serve", "apply", "delete")
DEFAULT_REGION = "us-east-1"
DEFAULT_PORTAL_ACCOUNT = "999900001111"
GUIDE = """
A pretend AWS listens on {url}. It forgets everything when it ends.

  export AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID={key}      # root of account {account}
  export AWS_SECRET_ACCESS_KEY={secret}
  aws sts get-caller-identity

  boto3.client("ec2", endpoint_url="{url}", region_name="us-east-1", aws_access_key_id=…)
  python -m sandbox.aws apply TEMPLATE --account {account} --endpoint-url {url}
  curl {url}/_sandbox/calls
"""


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in (*COMMANDS, "-h", "--help"):
        given = ["serve", *given]
    options = _parser().parse_args(given)
    result: int = options.run(options)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="run the pretend AWS (the default)")
    serve.add_argument("--port", type=int, default=0, help="0 takes any free port")
    serve.add_argument("--portal-account", default=DEFAULT_PORTAL_ACCOUNT, help="the vendor's own account")
    serve.add_argument("--account", action="append", default=[], help="a tenant's account; may be repeated")
    serve.add_argument("--pending-seconds", type=float, default=1.0, help="how long an instance starts")
    serve.add_argument("--shutdown-seconds", type=float, default=1.0, help="how long an instance ends")
    serve.set_defaults(run=_serve)
    apply = commands.add_parser("apply", help="create or update a stack with an account's root key")
    apply.add_argument("template", type=Path)
    apply.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    apply.set_defaults(run=_apply)
    delete = commands.add_parser("delete", help="remove a stack")
    delete.set_defaults(run=_delete)
    for command in (apply, delete):
        command.add_argument("--account", required=True)
        command.add_argument("--endpoint-url", required=True)
        command.add_argument("--region", default=DEFAULT_REGION)
        command.add_argument("--stack-name", required=command is delete)
    return parser


def _serve(options: argparse.Namespace) -> int:
    # The engine takes a second to import, which `apply` need not wait for.
    from sandbox.aws.server import EmbeddedAws

    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    aws = EmbeddedAws(options.port, portal_account=options.portal_account)
    aws.behaviour.change(pending_seconds=options.pending_seconds, shutdown_seconds=options.shutdown_seconds)
    with aws:
        _announce(aws, options.account)
        ended.wait()
    return 0


def _announce(aws: "EmbeddedAws", accounts: list[str]) -> None:  # type: ignore[name-defined]  # noqa: F821
    """One line of JSON for the program that started us, on standard output; a guide for people."""
    portal = aws.add_portal()
    keys = {account: aws.add_account(account) for account in accounts}
    listed = [
        {
            "account_id": account,
            "access_key_id": key.access_key_id,
            "secret_access_key": key.secret_access_key,
        }
        for account, key in keys.items()
    ]
    identity = {
        "account_id": portal.account_id,
        "arn": portal.arn,
        "access_key_id": portal.credentials.access_key_id,
        "secret_access_key": portal.credentials.secret_access_key,
    }
    account, key = next(iter({**keys, portal.account_id: aws.add_account(portal.account_id)}.items()))
    guide = GUIDE.format(url=aws.url, account=account, key=key.access_key_id, secret=key.secret_access_key)
    print(guide, file=sys.stderr, flush=True)
    print(json.dumps({"url": aws.url, "portal": identity, "accounts": listed}), flush=True)


def _apply(options: argparse.Namespace) -> int:
    parameters = dict(item.split("=", 1) for item in options.parameter)
    name = options.stack_name or options.template.stem
    body = options.template.read_text(encoding="utf-8")
    try:
        stack = apply_template(options.endpoint_url, options.account, body, options.region, name, parameters)
    except SandboxError as error:
        return _failed(error)
    _show(stack)
    return 0


def _delete(options: argparse.Namespace) -> int:
    try:
        stack = delete_stack(options.endpoint_url, options.account, options.region, options.stack_name)
    except SandboxError as error:
        return _failed(error)
    _show(stack)
    return 0


def _failed(error: SandboxError) -> int:
    _show_events(error.events)
    print(f"\n{error}", file=sys.stderr)
    return 1


def _show(stack: StackView) -> None:
    _show_events(stack.events)
    print(f"\n{stack.name}: {stack.status}")
    for name, value in stack.outputs.items():
        print(f"  {name} = {value}")


def _show_events(events: list[dict[str, str]]) -> None:
    for event in events:
        print(f"{event['status']:<20} {event['type']:<40} {event['logical_id']} {event['reason']}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
