"""``pigeon_mass_push``: queue one parcel of many objects."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pigeon.actor import acting_as
from pigeon.engine import Options
from pigeon.management.command import PigeonCommand
from pigeon.management.person import by
from pigeon.management.pushing import push
from pigeon.select import mass_push


class Command(PigeonCommand):
    """Queues a mass push; the next ``pigeon_push`` sends it."""

    help = "Queue one parcel of all that get_items_to_push(*args) of a rule gives."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("rule", help="name of a rule for mass pushes")
        parser.add_argument(
            "args", nargs="*", metavar="argument", help="given to get_items_to_push(*args)"
        )
        parser.add_argument("--push", action="store_true", help="send it at once")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue, and push if asked to."""
        with acting_as(by().actor):
            items = mass_push(options["rule"], args)
        if options["format"] == "text":
            for item in items:
                line = f"Queued {item.title} for {item.destination} as item {item.pk}."
                self.stdout.write(line)
        elif not options["push"]:
            self.print_json([{"item": item.pk, "destination": item.destination} for item in items])
        if options["push"]:
            names = tuple(item.destination for item in items)
            asked = Options((options["rule"],), names, threads=self.threads())
            push(self, asked, format=options["format"], verbosity=options["verbosity"])
