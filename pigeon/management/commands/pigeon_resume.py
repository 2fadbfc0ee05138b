"""``pigeon_resume``: let a destination go on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pigeon import operations
from pigeon.management.command import PigeonCommand
from pigeon.management.person import by
from pigeon.management.text import one_line


class Command(PigeonCommand):
    """Ends a pause; a destination that fails or is stopped is tried with the next push."""

    help = "Let destinations go on: after a pause, or before the next probe."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("destinations", nargs="+", metavar="destination")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Resume, then say what was at rest."""
        names = list(dict.fromkeys(options["destinations"]))
        at_rest = {name: bool(operations.resume([name], by())) for name in names}
        if options["format"] == "json":
            rows = [{"destination": name, "was_at_rest": was} for name, was in at_rest.items()]
            self.print_json(rows)
        elif options["verbosity"] > 0:
            for name, was in at_rest.items():
                words = (
                    "goes on with the next push"
                    if was
                    else "was neither paused, failing nor stopped"
                )
                self.stdout.write(one_line(f"{name} {words}."))
