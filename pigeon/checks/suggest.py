"""The name that somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"Did you mean 'x'? "`` for the name in ``known`` most like ``name``, or ``""``."""
    close = difflib.get_close_matches(str(name), sorted(map(str, known)), n=1)
    return f"Did you mean {close[0]!r}? " if close else ""


def listed(names: Iterable[str]) -> str:
    """``names`` for a sentence, sorted; ``"none"`` if there is none."""
    return ", ".join(sorted(map(str, names))) or "none"
