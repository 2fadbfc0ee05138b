"""Is everything all right? The answer of ``pigeon_check``, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pigeon import health

_ANSWERS: Mapping[health.Level, str] = {
    health.Level.OK: "Everything is all right",
    health.Level.WARNING: "Something needs a look",
    health.Level.CRITICAL: "Something is wrong: act now",
    health.Level.UNKNOWN: "Nobody knows: Pigeon could not look",
}


@dataclass(frozen=True)
class Verdict:
    """The answer and why.

    Attributes:
        level: ``"ok"``, ``"warning"``, ``"critical"`` or ``"unknown"``, for colours.
        words: the answer.
        sentences: why, the worst first.
    """

    level: str
    words: str
    sentences: list[str]


def verdict() -> Verdict:
    """The verdict on all queues at this moment."""
    found = health.check()
    return Verdict(found.level.name.lower(), _ANSWERS[found.level], list(found.sentences))
