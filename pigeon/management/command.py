"""What all commands of Pigeon have in common: their manners on a command line."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connections
from django.utils.connection import ConnectionDoesNotExist

from pigeon.conf import conf
from pigeon.exceptions import PigeonError
from pigeon.management.text import table

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DATABASE_ERRORS = (DatabaseError, ConnectionDoesNotExist)
#: What a shell reports of a program that Ctrl-C ended.
INTERRUPTED = 130


class PigeonCommand(BaseCommand):
    """A command that parses and prints; the work is elsewhere.

    Data goes to stdout and everything else to stderr; what went wrong is one sentence and a
    status that is not 0. System checks are not run: a mistake in one rule must not stop the
    others.
    """

    requires_system_checks = ()
    #: Whether ``manage.py`` runs the command in a process of its own.
    from_command_line = False

    def run_from_argv(self, argv: list[str]) -> None:
        """Run for a shell: a closed pipe or Ctrl-C ends the command without a traceback."""
        self.from_command_line = True
        for stream in (sys.stdout, sys.stderr):
            # A title that the terminal cannot show must not stop anything.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            try:
                super().run_from_argv(argv)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python would complain at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            sys.exit(INTERRUPTED)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; whatever a person can mend becomes one sentence.

        Raises:
            CommandError: the command could not do what it was asked.
        """
        try:
            return super().execute(*args, **options)
        except (PigeonError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except DATABASE_ERRORS as error:
            raise CommandError(about_database(error)) from error

    def add_format(self, parser: CommandParser) -> None:
        """Add ``--format``."""
        parser.add_argument(
            "--format",
            choices=["text", "json"],
            default="text",
            help="text for people (the default), or json for programs",
        )

    def print_json(self, data: Any) -> None:
        """Print ``data`` for programs."""
        self.stdout.write(json.dumps(data, cls=DjangoJSONEncoder, indent=2))

    def print_table(self, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print ``rows`` for people: drawn on a terminal, aligned otherwise."""
        if rows:
            self.stdout.write(table(headings, rows, on_terminal=self.stdout.isatty()))

    def threads(self) -> int:
        """How many worker threads a push gets.

        From a command line one for SQLite, which has one writer, and four otherwise. From
        ``call_command`` none, so that the caller's transaction is seen, such as a test's.
        """
        if not self.from_command_line:
            return 0
        return 1 if any(connections[name].vendor == "sqlite" for name in conf.DATABASES) else 4


def about_database(error: Exception) -> str:
    """What to do about an error of the database, in one line."""
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return (
        f"The database cannot be used: {reason}. Check DATABASES and PIGEON_DATABASES, and that "
        "'manage.py migrate' has been run for each alias."
    )


def positive(text: str) -> int:
    """The type of an argument that is a whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def duration(text: str) -> timedelta:
    """The type of an argument such as ``90``, ``90s``, ``15m``, ``12h``, ``30d`` or ``4w``."""
    found = re.fullmatch(r"(\d{1,9})([smhdw]?)", text, re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a length of time: write a number and s, m, h, d or w, as in 30d"
        )
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
