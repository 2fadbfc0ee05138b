"""``pigeon_doctor``: what is the matter with a destination?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from pigeon import doctor
from pigeon.doctor import Report
from pigeon.management.command import PigeonCommand
from pigeon.management.diagnosis import print_report, shown_waiting, summary


class Command(PigeonCommand):
    """Examines; status 0: all that a delivery needs works, 1: something does not."""

    help = "Try out what a partner's server can do, and say what to ask for; leaves nothing there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "destination",
            nargs="*",
            help="name of a destination, or a URL; all destinations unless given",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine all at the same time, print in order."""
        candidates = doctor.chosen(options["destination"])
        if not candidates:
            raise CommandError("There is no destination: name some in PIGEON_DESTINATIONS.")
        as_json, reports = options["format"] == "json", list[Report]()
        watched = not as_json and options["verbosity"] > 0 and self.stderr.isatty()
        with shown_waiting(len(candidates), is_terminal=watched) as waiting:

            def tell(report: Report) -> None:
                with waiting.paused():
                    if not as_json:
                        print_report(self, report, first=not reports)
                        self.stdout.flush()
                reports.append(report)

            doctor.examine_all(candidates, tell)
        if as_json:
            self.print_json([report.as_json() for report in reports])
        if troubles := summary(reports):
            raise CommandError(troubles)
