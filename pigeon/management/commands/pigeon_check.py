"""``pigeon_check``: one line for a monitoring system."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from pigeon import health
from pigeon.health import Health
from pigeon.management.command import DATABASE_ERRORS, PigeonCommand, about_database
from pigeon.management.text import one_line


class Command(PigeonCommand):
    """Says how the queue is; status 0: OK, 1: WARNING, 2: CRITICAL, 3: UNKNOWN."""

    help = "Say in one line whether the queue is well, as Nagios plug-ins do."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--deep",
            action="store_true",
            help="also log in at every destination that is neither paused nor out of its hours",
        )
        parser.add_argument(
            "--mail",
            action="store_true",
            help="also send PIGEON_ALERT_EMAILS the mail that is due, such as about items that "
            "wait too long: workers do it by themselves, if any runs",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line, end with its status."""
        found = _check(deep=options["deep"], mail=options["mail"])
        if options["format"] == "json":
            self.print_json(
                {
                    "status": found.level.name,
                    "code": int(found.level),
                    "sentences": found.sentences,
                    "measures": {key: text.split(";")[0] for key, text in found.measures.items()},
                }
            )
        else:
            self.stdout.write(one_line(found.line))
        sys.exit(found.level)


def _check(*, deep: bool, mail: bool) -> Health:
    try:
        more = [*(health.logins() if deep else ()), *(health.told() if mail else ())]
        return health.check(more)
    except DATABASE_ERRORS as error:
        return health.unknown(about_database(error))
    except Exception as error:  # noqa: BLE001 - a monitor needs an answer in any case
        return health.unknown(f"{type(error).__name__}: {error}")
