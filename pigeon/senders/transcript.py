"""What an attempt did, step by step, for the operator who wonders."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter

from pigeon.text import storable

#: Of many steps so many are kept from the beginning, and as many from the end.
KEPT = 100
#: Characters of one step; servers may say a lot.
LENGTH = 500


class Transcript:
    """Steps with their times, which count from when it was made."""

    __slots__ = ("_first", "_last", "_left_out", "_started")

    def __init__(self) -> None:
        self._started = perf_counter()
        self._first: list[tuple[float, str]] = []
        self._last: deque[tuple[float, str]] = deque(maxlen=KEPT)
        self._left_out = 0

    def add(self, step: str) -> None:
        """Add ``step``, which was done just now."""
        entry = (perf_counter() - self._started, step)
        if len(self._first) < KEPT:
            self._first.append(entry)
            return
        self._left_out += len(self._last) == KEPT
        self._last.append(entry)

    def lines(self, redact: Callable[[str], str]) -> tuple[list[float | str], ...]:
        """Pairs of seconds since the start and what was done then, fit to be stored.

        Args:
            redact: takes secrets out of a text.
        """
        gap = []
        if self._left_out:
            gap = [(self._last[0][0], f"{self._left_out} more steps are not listed")]
        steps = [*self._first, *gap, *self._last]
        # Redacted before it is cut: half of a secret would not be known as one.
        texts = _redacted([step for _, step in steps], redact)
        return tuple(
            [round(at, 4), storable(text)[:LENGTH]]
            for (at, _), text in zip(steps, texts, strict=True)
        )


def _redacted(texts: list[str], redact: Callable[[str], str]) -> list[str]:
    """All ``texts`` redacted, in one go unless one of them has a NUL."""
    together = redact("\0".join(texts)).split("\0")
    return together if len(together) == len(texts) else list(map(redact, texts))
