"""How destinations stand, as people and as programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pigeon.management.text import one_line
from pigeon.overview import DestinationView, Health, Totals
from pigeon.text import spoken

HEADINGS = (
    "destination", "health", "waiting", "in progress", "oldest", "pushed (1 h)",
    "failed (1 h)", "success (24 h)",
)  # fmt: skip
#: What needs nobody.
_CALM = (Health.WELL, Health.RESTING)


def rows(views: Sequence[DestinationView], totals: Totals) -> list[Sequence[object]]:
    """A row for each of ``views``, and one for all of them."""
    found = [_row(view.name, str(view.health.label), view) for view in views]
    troubled = sum(number for health, number in totals.health.items() if health not in _CALM)
    verdict = f"{troubled} to look at" if troubled else "well"
    return [*found, _row("all", verdict, totals)] if len(views) > 1 else found


def notes(views: Sequence[DestinationView]) -> Iterator[str]:
    """Of each destination that is not well, what is wrong, and what to do about it."""
    for view in views:
        if view.health in _CALM and not view.failed_hour:
            continue
        words = view.words if view.health not in _CALM else f"last error: {view.last_error}"
        yield f"{one_line(view.name)}: {one_line(words)}"
        if view.health == Health.PAUSED:
            continue
        if view.last_error.rstrip(".") not in words:  # an item's, and later: the cure is for it
            yield f"    last error: {one_line(view.last_error)}"
        if view.cure:
            yield f"    {one_line(view.cure)}"


def as_json(views: Sequence[DestinationView], totals: Totals) -> dict[str, Any]:
    """The same for programs."""
    return {
        "totals": asdict(totals) | {"success_rate": totals.success_rate},
        "destinations": [asdict(view) | {"success_rate": view.success_rate} for view in views],
    }


def _row(name: str, health: str, view: DestinationView | Totals) -> Sequence[object]:
    rate = view.success_rate
    return (
        name,
        health,
        _at_least(view.waiting, view.capped),
        _at_least(view.in_progress, view.capped),
        "" if view.oldest is None else spoken(view.oldest),
        view.pushed_hour,
        view.failed_hour,
        "" if rate is None else f"{_percent(rate)} %",
    )


def _at_least(number: int, capped: bool) -> int | str:
    return f"{number} or more" if capped and number else number


def _percent(rate: float) -> str:
    """100 only if nothing failed, 0 only if all did."""
    return f"{rate * 100:.0f}" if rate in (0, 1) else f"{min(max(rate * 100, 0.1), 99.9):.1f}"
