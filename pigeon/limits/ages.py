"""For how long items may wait for a destination before somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from pigeon.conf import conf
from pigeon.destinations import Destination

#: The options, in the order of what they lead to: a warning, an alarm.
AGES = ("old_age", "too_old_age")


class Ages(NamedTuple):
    """Seconds that an item may wait: from ``old`` on is a warning, from ``too_old`` an alarm."""

    old: float
    too_old: float


def ages_of(destination: Destination | None) -> Ages:
    """What holds for ``destination``: its options, else the settings.

    What is no number counts as not given; the checks tell it.

    Args:
        destination: ``None``: one that is no longer in the settings.
    """
    options = destination.options if destination else {}
    old, too_old = (options.get(name) for name in AGES)
    return Ages(
        old if _is_number(old) else conf.CHECK_OLD_AGE,
        too_old if _is_number(too_old) else conf.CHECK_TOO_OLD_AGE,
    )


def contradictions(destination: Destination) -> Iterator[str]:
    """A sentence if the alarm would come before the warning because of an option."""
    given = [name for name in AGES if name in destination.options]
    ages = ages_of(destination)
    if given and ages.too_old < ages.old:
        yield (
            f"An item would be too old (after {ages.too_old:g} seconds) before it is old (after "
            f"{ages.old:g}); set both 'old_age' and 'too_old_age'."
        )


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
