"""``pigeon_preview``: render without sending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Model

from pigeon import export
from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.management.command import PigeonCommand
from pigeon.management.objects import find, model_class
from pigeon.management.parcels import as_data, print_parcel, write
from pigeon.registry import registry


class Command(PigeonCommand):
    """Shows what an object would be sent as; nothing is queued, recorded or sent."""

    help = "Render what a rule would send for an object, without asking its filters."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("rule", help="name of a rule")
        parser.add_argument(
            "args",
            nargs="*",
            metavar="argument",
            help="app.Model and primary key; for a mass push, its arguments",
        )
        parser.add_argument("--database", help="alias of the object's database")
        parser.add_argument("--output", type=Path, help="write the files to this folder")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Render, then print the files or write them."""
        rule = registry.get(options["rule"])
        with export.preview(rule, _objects(rule, args, options["database"])) as parcel:
            if options["output"]:
                write(parcel, options["output"])
            if options["format"] == "json":
                self.print_json(as_data(parcel))
            else:
                print_parcel(self, parcel, contents=not options["output"])


def _objects(
    rule: DefaultConfiguration, args: Sequence[str], using: str | None
) -> Model | Iterable[Model]:
    if isinstance(rule, MassPusherConfiguration):
        return export.objects_of(rule, args)
    if len(args) != 2:
        raise CommandError(
            f"Rule {rule.name!r} sends one object at a time: name it by model and primary key, "
            f"as in pigeon_preview {rule.name} news.Story 5."
        )
    return find(model_class(args[0]), args[1], using)
