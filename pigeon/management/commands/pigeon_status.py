"""``pigeon_status``: how every destination stands."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections

from pigeon import overview
from pigeon.management import standing
from pigeon.management.command import PigeonCommand, positive
from pigeon.overview import DestinationView

#: Seconds between two looks unless said otherwise.
PAUSE = 2
#: What lets a terminal begin anew: cursor home, clear to the end.
_ANEW = "\x1b[H\x1b[2J"


class Command(PigeonCommand):
    """Shows health, backlog and figures of all destinations, once or again and again."""

    help = "Show how the destinations fare, what waits for them, and what to do about it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--destination", action="append", default=[], metavar="NAME",
            help="only this destination; may be given several times",
        )  # fmt: skip
        parser.add_argument(
            "--watch", type=positive, nargs="?", const=PAUSE, metavar="SECONDS",
            help=f"show it again every SECONDS ({PAUSE} unless given) until Ctrl-C",
        )  # fmt: skip
        parser.add_argument(
            "--times", type=positive, metavar="N", help="with --watch: end after N times"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Show once, or until it is enough."""
        if not options["watch"]:
            self._show(options)
            return
        try:
            self._watch(options)
        except KeyboardInterrupt:
            # That is how one ends it: no error, and the prompt on a line of its own.
            self.stdout.write("")

    def _watch(self, options: dict[str, Any]) -> None:
        shown = 0
        while True:
            self._show(options)
            self.stdout.flush()
            shown += 1
            if shown == options["times"]:
                return
            time.sleep(options["watch"])
            if self.from_command_line:
                close_old_connections()

    def _show(self, options: dict[str, Any]) -> None:
        names = options["destination"]
        views = [overview.destination(name) for name in names] or overview.destinations()
        if options["format"] == "text":
            self._print(views, watching=bool(options["watch"]))
            return
        data = standing.as_json(views, overview.totals(views))
        if options["watch"]:
            self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder))
        else:
            self.print_json(data)

    def _print(self, views: Sequence[DestinationView], *, watching: bool) -> None:
        if watching and self.stdout.isatty():
            self.stdout.write(_ANEW, ending="")
        self.print_table(standing.HEADINGS, standing.rows(views, overview.totals(views)))
        if not views:
            self.stdout.write("There are no destinations: no rule pushes anywhere.")
        for line in standing.notes(views):
            self.stdout.write(line)
        if watching:
            self.stdout.write("")
