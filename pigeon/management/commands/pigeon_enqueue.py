"""``pigeon_enqueue``: queue objects without a save."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db.models import Model, QuerySet

from pigeon import operations
from pigeon.conf import conf
from pigeon.configuration import MassPusherConfiguration
from pigeon.management.command import PigeonCommand
from pigeon.management.objects import find, model_class
from pigeon.management.person import by
from pigeon.registry import registry
from pigeon.text import counted


class Command(PigeonCommand):
    """Queues what the rule's filters accept; the next ``pigeon_push`` sends it."""

    help = "Queue objects that a rule's filters accept, as if they had been created now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("rule", help="name of a rule")
        parser.add_argument("model", help="app.Model")
        parser.add_argument("keys", nargs="*", metavar="key", help="primary keys")
        parser.add_argument("--all", action="store_true", help="every object of the model")
        parser.add_argument(
            "--filter", action="append", default=[], metavar="FIELD=VALUE",
            help="objects of which this holds, as in QuerySet.filter(); may be repeated",
        )  # fmt: skip
        parser.add_argument("--database", metavar="ALIAS", help="where the objects are")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue, say how many."""
        rule = registry.get(options["rule"])
        if isinstance(rule, MassPusherConfiguration):
            raise CommandError(f"Rule {rule.name!r} makes mass pushes: use pigeon_mass_push.")
        dry_run = options["dry_run"]
        done = operations.enqueue(_objects(options), rule, by(), dry_run=dry_run)
        if options["format"] == "json":
            self.print_json({"items": done.number, "refused": done.refused, "dry_run": dry_run})
        elif options["verbosity"] > 0:
            verb = "Would queue" if dry_run else "Queued"
            self.stdout.write(f"{verb} {counted(done.number, 'item')} for rule {rule.name}.")
        if done.refused and options["format"] == "text":
            objects = counted(done.refused, "object")
            self.stderr.write(f"The rule's filters refused {objects}; pigeon_explain says why.")


def _objects(options: dict[str, Any]) -> QuerySet[Model]:
    """The objects that are meant.

    Raises:
        CommandError: none is named, or one that does not exist.
    """
    model, using = model_class(options["model"]), options["database"] or conf.DATABASES[0]
    keys, words = options["keys"], options["filter"]
    if sum(map(bool, (keys, words, options["all"]))) != 1:
        raise CommandError("Name primary keys, or say --all, or --filter: one of the three.")
    objects = model._base_manager.using(using)
    if keys:
        return objects.filter(pk__in=[find(model, key, using).pk for key in keys])
    try:
        return objects.filter(**dict(_condition(text) for text in words))
    except (FieldError, ValueError, TypeError, ValidationError) as error:
        raise CommandError(f"--filter cannot be used: {error}") from error


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandError(f"--filter {text!r} has no value: write FIELD=VALUE.")
    return name.strip(), value
