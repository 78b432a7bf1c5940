"""`python -m sandbox.idp serve`: a pretend identity provider until it is told to end."""

import argparse
import signal
import threading
from types import FrameType

from sandbox.idp.provider import Application, Person
from sandbox.idp.server import IdentityProvider

GUIDE = """
A pretend identity provider listens. It forgets everything when it ends.

  issuer {issuer}
  people {people}
"""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    application = Application(options.client_id, options.client_secret, options.redirect_uri)
    people = [_person(text) for text in options.person]
    running = IdentityProvider.listening(options.port, people=people, applications=[application])
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, end)
    running.start()
    names = ", ".join(person.email for person in people)
    print(GUIDE.format(issuer=running.provider.issuer, people=names), flush=True)
    ended.wait()
    running.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.idp", description=__doc__)
    serve = parser.add_subparsers(required=True).add_parser("serve", help="run the pretend provider")
    serve.add_argument("--port", type=int, default=0, help="0 takes any free port")
    serve.add_argument("--client-id", required=True)
    serve.add_argument("--client-secret", default="", help="none makes it a public client")
    serve.add_argument("--redirect-uri", required=True)
    serve.add_argument("--person", action="append", default=[], metavar="EMAIL:NAME", help="may be repeated")
    return parser


def _person(text: str) -> Person:
    email, _, name = text.partition(":")
    # What a real one makes up too: it stays when the address changes.
    return Person(subject=f"person-{email.partition('@')[0]}", email=email, name=name)


if __name__ == "__main__":
    raise SystemExit(main())
