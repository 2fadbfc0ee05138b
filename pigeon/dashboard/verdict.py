"""Is everything all right? The answer of ``pigeon_check``, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.text import capfirst

from pigeon.health import Level
from pigeon.health.view import latest
from pigeon.text import sentence

_ANSWERS: Mapping[Level, str] = {
    Level.OK: "Everything is all right",
    Level.WARNING: "Something needs a look",
    Level.CRITICAL: "Something is wrong: act now",
    Level.UNKNOWN: "Nobody knows: Pigeon could not look",
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
    """The verdict on all queues, a few seconds old at most: all pages share one look."""
    found = latest()
    sentences = [sentence(each) for each in found.sentences]
    if found.level == Level.OK:  # others may begin with a name, which stays as it is
        sentences = [capfirst(each) for each in sentences]
    return Verdict(found.level.name.lower(), _ANSWERS[found.level], sentences)
