"""``pigeon_clean_queue``: delete old finished items."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from pigeon import queue
from pigeon.condition import moment
from pigeon.conf import conf
from pigeon.management.command import PigeonCommand, duration
from pigeon.text import counted


class Command(PigeonCommand):
    """Deletes items that arrived, were superseded or cancelled; attempts go with them."""

    help = "Delete finished items that are older than PIGEON_MAX_AGE."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--errors", action="store_true", help="also items that failed")
        parser.add_argument(
            "--older-than", type=duration, help="another age, such as 12h, 30d or 4w"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete or count, in every database that has a queue."""
        age = options["older_than"]
        before = timezone.now() - (timedelta(seconds=conf.MAX_AGE) if age is None else age)
        dry_run, errors = options["dry_run"], options["errors"]
        number = sum(
            queue.clean(before, using=using, errors=errors, dry_run=dry_run)
            for using in conf.DATABASES
        )
        if not dry_run:
            for using in conf.DATABASES:
                queue.clean_tallies(using)
        if options["format"] == "json":
            self.print_json({"items": number, "before": before, "dry_run": dry_run})
        elif options["verbosity"] > 0:
            verb = "Would delete" if dry_run else "Deleted"
            kinds = "finished or failed" if errors else "finished"
            line = f"{verb} {counted(number, f'{kinds} item')} from before {moment(before)}."
            self.stdout.write(line)
