"""What a push says on stderr where a site has set up no logging."""

from __future__ import annotations

import logging


def say_once() -> None:
    """Let this process not print why items and destinations fail: the push says it itself.

    Without ``LOGGING`` Python prints warnings to stderr by itself, and cron would mail them
    twice. Handlers that a site has set up get everything.
    """
    if logging.lastResort is not None:
        logging.lastResort.addFilter(_is_not_said_otherwise)


def _is_not_said_otherwise(record: logging.LogRecord) -> bool:
    ours = record.name.startswith("pigeon.")
    return not (ours and (hasattr(record, "reason") or hasattr(record, "outcome")))
