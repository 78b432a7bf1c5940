"""Replaces keys before their time, after a theft or to try it."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.core.management.base import BaseCommand, CommandError

from enclaves.provisioning import authorities
from enclaves.signing.rotation import Purpose


class _Plan(NamedTuple):
    """When the new key signs, and for how long after that the old one is believed."""

    notice: timedelta
    overlap: timedelta


_NONE, _HOUR, _DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
# Hosts hear of new keys within half an hour, gateways of the root of hosts as their files are written, daily.
_PLANS: Final = {
    Purpose.SSH_USERS: _Plan(_HOUR, _NONE),
    Purpose.SSH_HOSTS: _Plan(_HOUR, _HOUR),  # in which each host gets its certificate anew
    Purpose.GRANTS: _Plan(_HOUR, _NONE),
    Purpose.TENANT_HOSTS: _Plan(_NONE, _NONE),
    Purpose.HOSTS: _Plan(2 * _DAY, _DAY),
    Purpose.GATEWAYS: _Plan(_HOUR, 2 * _DAY),  # in which each gateway gets its certificate anew
}


class Command(BaseCommand):
    help = "Have keys followed early: new ones sign when all have heard of them, then the old ones are over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("purpose", choices=[str(purpose) for purpose in _PLANS])
        parser.add_argument("--scope", default="", help="id of one enclave or tenant; all if left out")

    def handle(self, *args: Any, purpose: str, scope: str, **options: Any) -> None:
        kind = Purpose(purpose)
        notice, overlap = _PLANS[kind]
        try:
            count = authorities.replace_keys(kind, notice, scope, overlap=overlap)
        except authorities.NoSecret as error:
            raise CommandError(f"{error} Run this with the signer's environment.") from error
        if not count:
            raise CommandError(f"There is no key of {kind} {scope}".rstrip() + " that could be replaced.")
        when = f"new ones sign in {_hours(notice)}, the old ones are over in {_hours(notice + overlap)}"
        self.stdout.write(f"{count} of {kind}: {when}.")


def _hours(span: timedelta) -> str:
    return f"{span // _HOUR} h"
