from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from portal.local import run_demo
from portal.management.local import LocalCommand


class Command(LocalCommand):
    help = "Start everything with a pretend cloud and two tenants."
    start = staticmethod(run_demo)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--state", type=Path, help="the folder that it lives in; .run if left out")

    def options_of_start(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().options_of_start(options), "state": options["state"]}
