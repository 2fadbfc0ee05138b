"""``pigeon_retry``: send items again."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from pigeon import operations
from pigeon.management.choosing import FAILED, add_choosing, chosen
from pigeon.management.command import PigeonCommand
from pigeon.management.person import by
from pigeon.management.text import one_line
from pigeon.models.status import WAITING, Status
from pigeon.operations import Done, Selection
from pigeon.text import counted


class Command(PigeonCommand):
    """Lets items go again; the next ``pigeon_push`` sends them. Status 1: none goes."""

    help = "Send items again: as sent or rendered anew, or to another destination."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_choosing(parser)
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--as-sent", action="store_true", help="the stored parcel once more (the default)"
        )
        how.add_argument("--rerender", action="store_true", help="the objects as they are now")
        parser.add_argument("--to", default="", metavar="NAME", help="to this destination instead")
        parser.add_argument(
            "--force", action="store_true", help="also what has expired or is older than what went"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Choose, let them go, say how many."""
        usual = (*WAITING, *FAILED) if options["to"] else (Status.RETRY, *FAILED)
        selection = chosen(options, usual)
        done = _do(selection, options)
        if options["format"] == "json":
            self.print_json(
                {
                    "items": done.number,
                    "refused": done.refused,
                    "reasons": done.reasons,
                    "chosen": selection.words(),
                    "dry_run": options["dry_run"],
                }
            )
        else:
            self._say(done, selection, options)
        if done.refused and not done.number:
            sys.exit(1)

    def _say(self, done: Done, selection: Selection, options: dict[str, Any]) -> None:
        if options["verbosity"] > 0:
            verb = "would go" if options["dry_run"] else "go" if done.number != 1 else "goes"
            where = f" to {options['to']}" if options["to"] else ""
            line = f"{counted(done.number, 'item')} {verb} again{where} ({selection.words()})."
            self.stdout.write(one_line(line))
        if done.refused:
            hint = " --force sends them all the same." if done.force_helps else ""
            self.stderr.write(
                one_line(f"{counted(done.refused, 'item')} left as before: {done.why}.{hint}")
            )


def _do(selection: Selection, options: dict[str, Any]) -> Done:
    how: dict[str, Any] = {
        "using": options["database"],
        "rerender": options["rerender"],
        "force": options["force"],
        "dry_run": options["dry_run"],
    }
    if options["to"]:
        return operations.move(selection, options["to"], by(), **how)
    return operations.send_again(selection, by(), **how)
