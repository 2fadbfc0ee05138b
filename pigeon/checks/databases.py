"""Can the databases that are to have a queue have one?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage
from django.db import connections

from pigeon.checks.catalogue import NOT_IMMEDIATE, NOT_WAL, UNKNOWN_DATABASE
from pigeon.checks.suggest import did_you_mean, listed
from pigeon.conf import conf

_WAL = re.compile(r"journal_mode\s*=\s*['\"]?wal", re.I)
#: Bytes 18 and 19 of a database file say how it is written and read: 2 is the log.
_VERSIONS = slice(18, 20)


def check() -> Iterator[CheckMessage]:
    """Each alias of ``PIGEON_DATABASES`` exists; SQLite is set up for several writers."""
    for alias in conf.DATABASES:
        if alias not in connections:
            yield UNKNOWN_DATABASE.found(
                f"PIGEON_DATABASES names {alias!r}, which is no alias of DATABASES.",
                f"{did_you_mean(alias, connections)}Known aliases: {listed(connections)}.",
                "PIGEON_DATABASES",
            )
        elif connections[alias].vendor == "sqlite":
            yield from _check_sqlite(alias, connections[alias].settings_dict)


def _check_sqlite(alias: str, settings: dict[str, Any]) -> Iterator[CheckMessage]:
    name, options = str(settings["NAME"]), settings.get("OPTIONS", {})
    if name in ("", ":memory:") or "mode=memory" in name:
        return
    where = f"DATABASES[{alias!r}]"
    if str(options.get("transaction_mode", "")).upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        yield NOT_IMMEDIATE.found(
            f"The SQLite database {alias!r} begins its transactions without a lock, so "
            "two workers that claim at once fail with 'database is locked'.",
            f'Set {where}["OPTIONS"]["transaction_mode"] = "IMMEDIATE".',
            where,
        )
    if not _WAL.search(str(options.get("init_command", ""))) and not _is_wal(Path(name)):
        yield NOT_WAL.found(
            f"The SQLite database {alias!r} does not use a write-ahead log, so "
            "pushing and saving lock each other out.",
            f'Set {where}["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL".',
            where,
        )


def _is_wal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(20)[_VERSIONS] == b"\x02\x02"
    except OSError:
        return False
