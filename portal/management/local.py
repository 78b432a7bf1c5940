"""What the commands that supervise have in common."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.runtime.launch import end_with_parent
from portal.runtime.lock import AlreadyRunning
from portal.runtime.supervisor import StartFailed


class LocalCommand(BaseCommand):
    requires_system_checks = []  # this process serves nothing; those that it starts are checked
    start: Callable[..., None]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="of the web pages; 8000 or a free one if left out")
        parser.add_argument(
            "--ends-with-parent", action="store_true", help="also if that is killed and can't say so"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["ends_with_parent"]:
            end_with_parent()
        try:
            self.start(**self.options_of_start(options))
        except (StartFailed, AlreadyRunning) as error:
            raise CommandError(str(error)) from error

    def options_of_start(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"port": options["port"]}
