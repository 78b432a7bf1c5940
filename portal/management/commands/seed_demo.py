from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.runtime.sandbox import SandboxAws, SandboxAzure, SandboxIdp, SandboxRefused
from portal.seeding import SeedingFailed, seed, write_facts
from tenants.signon.protocol import SignOnFailed


class Command(BaseCommand):
    help = "Fill the demo; started by the demo itself."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--aws-port", type=int, required=True)
        parser.add_argument("--azure-port", type=int, required=True)
        parser.add_argument("--azure-ca", type=Path, required=True, help="who certified the pretend Azure")
        parser.add_argument("--idp-port", type=int, required=True)
        parser.add_argument("--known-hosts", required=True, help="by which ssh knows the gateway")
        parser.add_argument("--facts", type=Path, required=True, help="the file to write at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is made of well-known accounts: never in production.")
        try:
            azure = SandboxAzure(options["azure_port"], options["azure_ca"])
            idp = SandboxIdp(options["idp_port"])
            facts = seed(SandboxAws(options["aws_port"]), azure, idp)
        except (SeedingFailed, SandboxRefused, SignOnFailed) as error:
            raise CommandError(str(error)) from error
        access = {"gateway": settings.GATEWAY_SSH, "known_hosts": options["known_hosts"]}
        write_facts({**facts, "access": access}, options["facts"])
