"""Arguments that say which items are meant."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pigeon.conf import conf
from pigeon.management.command import positive
from pigeon.management.moments import moment
from pigeon.models.item import ItemToPush
from pigeon.models.status import FIRST_ERROR, WAITING, Status
from pigeon.operations import Selection
from pigeon.registry import registry

FAILED = tuple(status for status in Status if status >= FIRST_ERROR)
_GROUPS = {"failed": FAILED, "waiting": WAITING}


def add_choosing(parser: CommandParser) -> None:
    """Add the arguments that :func:`chosen` reads."""
    parser.add_argument("--destination", default="", metavar="NAME", help="for this destination")
    parser.add_argument("--rule", default="", help="of this rule")
    parser.add_argument(
        "--status", action="append", type=_statuses, default=[], help="such as send_error, 130, "
        "'failed' for every error, 'waiting' for new and retry; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="tried then or later: '2027-01-31 14:00', "
        "2027-01-31, 14:00 (today) or 2h (ago)",
    )  # fmt: skip
    parser.add_argument("--until", type=moment, metavar="TIME", help="tried before then")
    parser.add_argument("--object", default="", help="of this object: app.Model:KEY")
    parser.add_argument(
        "--item", action="append", type=positive, default=[], metavar="ID",
        help="this item; may be given several times",
    )  # fmt: skip
    parser.add_argument("--database", metavar="ALIAS", help="only in the queue of this database")


def chosen(options: dict[str, Any], usual: tuple[Status, ...]) -> Selection:
    """What the arguments mean.

    Args:
        options: the command's options.
        usual: the statuses that are meant where neither a status, nor a time, nor an object,
            nor items are given.

    Raises:
        CommandError: they cannot be meant: a name is unknown, or the time has no length.
    """
    since, until = options["since"], options["until"]
    if since and until and until <= since:
        raise CommandError("--until is not after --since: no time lies between them.")
    statuses = tuple(status for group in options["status"] for status in group)
    named = (options["destination"], options["rule"])
    particular = (statuses, since, until, options["object"], options["item"])
    if any(named) and not any(particular):
        statuses = usual
    _demand("destination", named[0], registry.destinations())
    _demand("rule", named[1], [rule.name for rule in registry.rules()])
    return Selection(
        ids=tuple(options["item"]),
        destination=named[0],
        rule=named[1],
        statuses=statuses,
        since=since,
        until=until,
        object=options["object"],
    )


def _statuses(text: str) -> tuple[Status, ...]:
    """The statuses that a number, a name or the name of a group means."""
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    if word in _GROUPS:
        return _GROUPS[word]
    for status in Status:
        if word in (status.name.lower(), str(status.value)):
            return (status,)
    names = ", ".join([*_GROUPS, *(status.name.lower() for status in Status)])
    raise argparse.ArgumentTypeError(f"{text!r} is no status: write one of {names}")


def _demand(kind: str, name: str, known: Any) -> None:
    """Refuse a name that is neither in the settings nor that of any item."""
    if not name or name in known:
        return
    field = "destination" if kind == "destination" else "rule_name"
    if not any(
        ItemToPush.objects.using(using).filter(**{field: name}).exists()
        for using in conf.DATABASES
    ):
        raise CommandError(
            f"No {kind} is called {name!r}, and no item is for one. Known names: "
            f"{', '.join(sorted(known)) or 'none'}."
        )
