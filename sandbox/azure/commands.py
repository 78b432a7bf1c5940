"""`apply` and `delete`: an owner's templates in a running sandbox, in place of the az CLI."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.azure.client import Applied, SandboxError, apply_template, delete_deployment, owner_of

type Json = Any


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Let `python -m sandbox.azure` know them."""
    apply = commands.add_parser("apply", help="deploy a template at a subscription's scope, as its owner")
    apply.add_argument("template", type=Path)
    apply.add_argument("--location", "--region", required=True)
    apply.add_argument("--name", help="the deployment's name; the file's, if none is given")
    apply.add_argument("--parameters", action="extend", nargs="+", default=[], metavar="NAME=VALUE")
    apply.set_defaults(run=_apply)
    delete = commands.add_parser("delete", help="remove what a deployment made, as the subscription's owner")
    delete.add_argument("--name", required=True)
    delete.set_defaults(run=_delete)
    for command in (apply, delete):
        command.add_argument("--subscription", "--account", required=True)
        command.add_argument("--arm-url", required=True)
        command.add_argument("--authority-url", help="the same as --arm-url, if none is given")
        command.add_argument("--ca", required=True, help="the certificate that the sandbox's own comes from")


def _apply(options: argparse.Namespace) -> int:
    parameters = dict(item.split("=", 1) for item in options.parameters)
    name = options.name or options.template.stem
    template = options.template.read_text(encoding="utf-8")
    authority_url = options.authority_url or options.arm_url
    try:
        owner = owner_of(options.arm_url, options.ca, options.subscription)
        applied = apply_template(
            options.arm_url, authority_url, options.ca, owner, options.location, template, name, parameters
        )
    except SandboxError as error:
        return _failed(error)
    _show(applied)
    return 0


def _delete(options: argparse.Namespace) -> int:
    authority_url = options.authority_url or options.arm_url
    try:
        owner = owner_of(options.arm_url, options.ca, options.subscription)
        gone = delete_deployment(options.arm_url, authority_url, options.ca, owner, options.name)
    except SandboxError as error:
        return _failed(error)
    for id in gone:
        print(f"Deleted {id}")
    return 0


def _failed(error: SandboxError) -> int:
    for line in _reasons(error.details):
        print(line, file=sys.stderr)
    print("\n" + (f"{error.code}: {error}" if error.code else str(error)), file=sys.stderr)
    return 1


def _reasons(details: list[dict[str, Json]]) -> Iterator[str]:
    """The innermost reasons: a nested deployment's failure says nothing by itself."""
    for one in details:
        if one.get("details"):
            yield from _reasons(one["details"])
        else:
            yield f"{one['code']} {one.get('target', '')}: {one['message']}"


def _show(applied: Applied) -> None:
    for one in applied.operations:
        target = one["targetResource"]
        print(f"{one['provisioningState']:<12}{target['resourceType']:<70} {target['resourceName']}")
    print(f"\n{applied.name}: {applied.state}")
    for name, value in applied.outputs.items():
        print(f"  {name} = {value}")
