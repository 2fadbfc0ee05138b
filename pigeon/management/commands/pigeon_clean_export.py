"""``pigeon_clean_export``: delete parcels that nobody needs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from pigeon import export
from pigeon.condition import moment
from pigeon.conf import conf
from pigeon.management.command import PigeonCommand, duration
from pigeon.management.text import size


class Command(PigeonCommand):
    """Deletes parcels from ``PIGEON_OUTPUT_DIRECTORY`` that no waiting item needs."""

    help = "Delete parcels that are older than PIGEON_MAX_AGE and that no item waits to send."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument(
            "--older-than", type=duration, help="another age, such as 12h, 30d or 4w"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete or count."""
        age = options["older_than"]
        before = timezone.now() - (timedelta(seconds=conf.MAX_AGE) if age is None else age)
        report = export.clean(before, dry_run=options["dry_run"])
        if options["format"] == "json":
            data = {**asdict(report), "before": before, "dry_run": options["dry_run"]}
            self.print_json(data)
        elif options["verbosity"] > 0:
            verb = "Would delete" if options["dry_run"] else "Deleted"
            self.stdout.write(
                f"{verb} parcels from before {moment(before)}: {report.parcels} "
                f"({size(report.bytes)}), {report.orphans} without a record, "
                f"{report.abandoned} never finished."
            )
