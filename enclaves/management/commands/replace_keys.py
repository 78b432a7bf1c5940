"""Replaces keys before their time, after a theft or to try it."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from enclaves.provisioning import authorities
from enclaves.signing.rotation import Purpose

# Minutes until everybody who must believe a new key has heard of it. Hosts hear within half an hour, in
# statements that the old key signs; gateways read the root of hosts from files that are written daily.
NOTICE: Final = {
    Purpose.SSH_USERS: 60,
    Purpose.SSH_HOSTS: 60,
    Purpose.GRANTS: 60,
    Purpose.TENANT_HOSTS: 0,
    Purpose.HOSTS: 2 * 24 * 60,
}


class Command(BaseCommand):
    help = "Have keys followed early. Those of gateways cannot be: hosts know them from their birth alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("purpose", choices=[str(purpose) for purpose in NOTICE])
        parser.add_argument("--scope", default="", help="id of one enclave or tenant; all if left out")
        parser.add_argument(
            "--notice", type=int, help="minutes until the new keys sign and the old ones are over"
        )

    def handle(self, *args: Any, purpose: str, scope: str, notice: int | None, **options: Any) -> None:
        kind = Purpose(purpose)
        minutes = NOTICE[kind] if notice is None else max(notice, 0)
        try:
            count = authorities.replace_keys(kind, timedelta(minutes=minutes), scope)
        except authorities.NoSecret as error:
            raise CommandError(f"{error} Run this with the signer's environment.") from error
        if not count:
            raise CommandError(f"There is no key of {kind} {scope}".rstrip() + " that could be replaced.")
        self.stdout.write(
            f"{count} of {kind}: new ones sign in {minutes} minutes; the old ones are over then."
        )
