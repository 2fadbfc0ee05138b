"""Numbers as people read them."""

from __future__ import annotations

#: What stands where there is nothing to say.
NOTHING = "\N{EN DASH}"


def number(value: int, *, capped: bool = False) -> str:
    """``value`` with thin gaps between thousands, and ``+`` where counting stopped."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") + ("+" if capped else "")


def age(seconds: float | None) -> str:
    """``seconds`` in the largest unit that is there twice, at least, such as ``"3 h"``."""
    if seconds is None:
        return NOTHING
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def percent(rate: float | None) -> str:
    """``rate`` (0 to 1) in percent; 100 % only when nothing failed, 0 % when nothing went."""
    if rate is None:
        return NOTHING
    if 0 < rate < 1:
        return f"{min(max(rate * 100, 0.1), 99.9):.1f} %"
    return f"{rate * 100:.0f} %"
