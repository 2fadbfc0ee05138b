"""``pigeon_pause``: let nothing go to a destination for a while."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pigeon import operations
from pigeon.condition import paused_because, states_by_name
from pigeon.management.command import PigeonCommand
from pigeon.management.person import by
from pigeon.management.text import one_line


class Command(PigeonCommand):
    """Items wait until ``pigeon_resume``; what workers have claimed already is still sent."""

    help = "Let nothing go to destinations until pigeon_resume; items wait meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("destinations", nargs="+", metavar="destination")
        parser.add_argument("--reason", default="", help="shown wherever people look")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Pause, then say who paused what."""
        names = list(dict.fromkeys(options["destinations"]))
        operations.pause(names, by(), options["reason"])
        states = states_by_name()
        if options["format"] == "json":
            self.print_json(
                [
                    {
                        "destination": name,
                        "paused_by": states[name].paused_by,
                        "paused_date": states[name].paused_date,
                        "paused_reason": states[name].paused_reason,
                    }
                    for name in names
                ]
            )
        elif options["verbosity"] > 0:
            for name in names:
                self.stdout.write(one_line(f"{name}: {paused_because(states[name])}"))
