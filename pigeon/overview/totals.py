"""How everything fares, in one row of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pigeon.overview.destinations import DestinationView, Health, destinations
from pigeon.overview.figures import Figures, total


@dataclass
class Totals(Figures):
    """All destinations together.

    Attributes:
        waiting: items that wait.
        in_progress: items that workers hold.
        capped: counting stopped somewhere, so there may be more of both.
        oldest: seconds that the oldest waiting item has been waiting; ``None``: none waits.
        health: how many destinations are well, failing and so on; every one is there.
    """

    waiting: int = 0
    in_progress: int = 0
    capped: bool = False
    oldest: float | None = None
    health: Mapping[Health, int] = field(default_factory=dict)


def totals(views: Iterable[DestinationView] | None = None) -> Totals:
    """The sum of ``views``, if they are known already; of all destinations otherwise."""
    found = destinations() if views is None else list(views)
    number = Counter(view.health for view in found)
    ages = [view.oldest for view in found if view.oldest is not None]
    return Totals(
        **vars(total(Figures(**_numbers(view)) for view in found)),
        waiting=sum(view.waiting for view in found),
        in_progress=sum(view.in_progress for view in found),
        capped=any(view.capped for view in found),
        oldest=max(ages, default=None),
        health={health: number[health] for health in Health},
    )


def _numbers(view: DestinationView) -> dict[str, int]:
    return {name: getattr(view, name) for name in Figures.__dataclass_fields__}
