"""Numbers as people read them."""

from __future__ import annotations

from pigeon.text import spoken

#: What stands where there is nothing to say.
NOTHING = "\N{EN DASH}"


def number(value: int, *, capped: bool = False) -> str:
    """``value`` with thin gaps between thousands, and ``+`` where counting stopped."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") + ("+" if capped else "")


def age(seconds: float | None) -> str:
    """``seconds`` such as ``"3 h"``; a dash where nothing has an age."""
    return NOTHING if seconds is None else spoken(seconds)


def percent(rate: float | None) -> str:
    """``rate`` (0 to 1) in percent; 100 % only when nothing failed, 0 % when nothing went."""
    if rate is None:
        return NOTHING
    if 0 < rate < 1:
        return f"{min(max(rate * 100, 0.1), 99.9):.1f} %"
    return f"{rate * 100:.0f} %"
