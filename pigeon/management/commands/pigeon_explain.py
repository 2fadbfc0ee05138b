"""``pigeon_explain``: why an object is, or is not, pushed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from pigeon.explain import explain
from pigeon.management.command import PigeonCommand
from pigeon.management.explanation import print_explanation
from pigeon.management.objects import model_class


class Command(PigeonCommand):
    """Explains, rule by rule and filter by filter; nothing is changed."""

    help = "Say why an object is, or is not, pushed, and what became of it so far."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("model", help="app.Model")
        parser.add_argument("pk", help="primary key")
        parser.add_argument("--database", help="alias of the object's database")
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, then print."""
        model = model_class(options["model"])
        explanation = explain(model, options["pk"], options["database"])
        if options["format"] == "json":
            self.print_json(asdict(explanation))
        else:
            print_explanation(self, explanation)
