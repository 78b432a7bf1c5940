"""`python -m sandbox.azure`: a pretend Azure for anybody with the SDKs, and templates in it."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from sandbox.azure.commands import add_commands
from sandbox.azure.server import EmbeddedAzure
from sandbox.azure.tls import Certificates

GUIDE = """
A pretend Azure listens on {url}. It forgets everything when it ends.

  ClientSecretCredential("{directory}", "{client}", "{secret}",
      authority="{url}", connection_verify="{ca}", disable_instance_discovery=True)
  ResourceManagementClient(credential, "{subscription}", base_url="{url}", connection_verify="{ca}")

  python -m sandbox.azure apply FILE --subscription {subscription} --location eastus --arm-url {url} --ca {ca}
  curl --cacert {ca} {url}/_sandbox/calls
"""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    result: int = options.run(options)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.azure", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="run the pretend Azure")
    serve.add_argument("--port", type=int, default=0, help="0 takes any free port")
    serve.add_argument("--metadata-port", type=int, default=0, help="where machines ask, without TLS")
    serve.add_argument(
        "--subscription",
        action="append",
        default=[],
        metavar="SUBSCRIPTION:DIRECTORY",
        help="may be repeated",
    )
    serve.add_argument("--certificate", type=Path, help="the server's own; a throw-away one if not given")
    serve.add_argument("--key", type=Path)
    serve.add_argument("--ca", type=Path, help="the authority of the server's certificate")
    serve.add_argument(
        "--trust", action="append", default=[], help="an authority of issuers; may be repeated"
    )
    serve.add_argument("--pace", type=float, default=0.1, help="1 takes as long as Azure does, 0 no time")
    serve.add_argument("--no-throttling", action="store_true")
    serve.set_defaults(run=_serve)
    add_commands(commands)
    return parser


def _serve(options: argparse.Namespace) -> int:
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    azure = EmbeddedAzure(options.port, _certificates(options), options.metadata_port)
    azure.behaviour.change(pace=options.pace, throttling=not options.no_throttling)
    for authority in options.trust:
        azure.trust(authority)
    for pair in options.subscription:
        azure.add_subscription(*pair.split(":", 1))
    with azure:
        _announce(azure)
        ended.wait()
    return 0


def _certificates(options: argparse.Namespace) -> Certificates | None:
    given = (options.certificate, options.key, options.ca)
    if not any(given):
        return None
    if not all(given):
        raise SystemExit("--certificate, --key and --ca belong together.")
    return Certificates(*given)


def _announce(azure: EmbeddedAzure) -> None:
    """One line of JSON for the program that started us, on standard output; a guide for people."""
    owners = [
        {
            "subscription_id": owner.subscription_id,
            "directory_id": owner.directory_id,
            "client_id": owner.client_id,
            "client_secret": owner.client_secret,
        }
        for owner in azure.owners.values()
    ]
    if owners:
        first = next(iter(azure.owners.values()))
        guide = GUIDE.format(
            url=azure.url,
            ca=azure.ca_file,
            subscription=first.subscription_id,
            directory=first.directory_id,
            client=first.client_id,
            secret=first.client_secret,
        )
        print(guide, file=sys.stderr, flush=True)
    told = {
        "arm_url": azure.arm_url,
        "authority_url": azure.authority_url,
        "metadata_url": azure.metadata_url,
        "ca_file": azure.ca_file,
    }
    print(json.dumps({**told, "subscriptions": owners}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
