"""A line in the site's log for each attempt, once it was recorded.

The logger is ``pigeon.sender.`` and the destination's scheme, so that a site may listen to one
kind of partner. Where nobody listens to what went well, it costs next to nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pigeon.models.attempt import Outcome
from pigeon.queue import Result
from pigeon.text import storable

LEVELS = {
    Outcome.PUSHED: logging.INFO,
    Outcome.CANCELLED: logging.INFO,
    Outcome.RETRY: logging.WARNING,
    Outcome.FAILED: logging.ERROR,
}


def journal(scheme: str, results: Iterable[Result]) -> None:
    """Log ``results`` of attempts at a destination with that URL scheme."""
    logger = logging.getLogger(f"pigeon.sender.{scheme}")
    for result in results:
        level = LEVELS.get(result.outcome) if result.outcome else None
        if level is not None and logger.isEnabledFor(level):
            item, outcome = result.item, result.facts["outcome"]
            # Line breaks in what a server says must not look like records of ours.
            words = " ".join([f"{outcome}.", *storable(result.message).split()])
            extra = result.facts
            logger.log(level, "Item %s for %s: %s", item.id, item.destination, words, extra=extra)
