"""``pigeon_push``: send what waits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pigeon.conf import conf
from pigeon.engine import Options
from pigeon.management.command import PigeonCommand, positive
from pigeon.management.outlook import print_outlooks
from pigeon.management.pushing import push
from pigeon.upcoming import outlooks


class Command(PigeonCommand):
    """Pushes; status 0: everything that was tried arrived, 1: something did not."""

    help = "Send what waits in the queue, then end. Several at once are harmless."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--rule", action="append", default=[], help="only items of this rule (repeatable)"
        )
        parser.add_argument(
            "--destination", action="append", default=[], help="only to it (repeatable)"
        )
        parser.add_argument("--limit", type=positive, help="at most so many items in all")
        parser.add_argument(
            "--concurrency", type=positive, help="destinations served at the same time"
        )
        parser.add_argument(
            "--processes",
            type=positive,
            default=1,
            help="processes that share the work; as many as there are processors, say",
        )
        parser.add_argument(
            "--forever", action="store_true", help="stay and wait for more, until SIGTERM"
        )
        parser.add_argument(
            "--retry-now", action="store_true", help="do not wait for the next attempts' times"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only list what would go, and what waits why",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Push, or list what a push would do."""
        if options["dry_run"] and (options["forever"] or options["retry_now"]):
            raise CommandError("--dry-run goes with neither --forever nor --retry-now.")
        self._check_processes(options)
        asked = Options(
            rules=tuple(options["rule"]),
            destinations=tuple(options["destination"]),
            limit=options["limit"],
            concurrency=options["concurrency"] or conf.CONCURRENCY,
            forever=options["forever"],
            retry_now=options["retry_now"],
            threads=self.threads(),
            processes=options["processes"],
        )
        if not options["dry_run"]:
            push(self, asked, format=options["format"], verbosity=options["verbosity"])
        elif options["format"] == "json":
            self.print_json([asdict(outlook) for outlook in outlooks(asked)])
        else:
            print_outlooks(self, outlooks(asked))

    def _check_processes(self, options: dict[str, Any]) -> None:
        if options["processes"] == 1:
            return
        if options["limit"]:
            raise CommandError(
                "--limit goes with one process only: leave --processes out, or the limit."
            )
        if not self.from_command_line:
            raise CommandError(
                "--processes is for a command line. What calls the command from Python shares "
                "its database connection with it, which no other process can."
            )
