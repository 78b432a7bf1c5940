import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.codes import code_of
from portal.local import DEMO_STATE


class Command(BaseCommand):
    help = "Show what the authenticator app of one of the demo's people shows now."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            users = json.loads((DEMO_STATE / "demo.json").read_text())["users"]
        except FileNotFoundError as error:
            raise CommandError("No demo is running here; start one with make demo.") from error
        secrets = {user["email"]: user.get("totp_secret") for user in users}
        if not secrets.get(email):
            raise CommandError(f"{email} has no authenticator app in this demo.")
        self.stdout.write(code_of(secrets[email]))
