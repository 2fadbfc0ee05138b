"""A worker's own view of how long it may go on."""

from __future__ import annotations

import time

#: Part of a lease that is kept back, so that ours ends before the database's does.
MARGIN = 0.1


def boot_time() -> float:
    """Seconds on a clock that nobody sets and that also runs while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def lasts_until(asked_at: float, duration: float) -> float:
    """Until when (:func:`boot_time`) something is surely ours.

    Args:
        asked_at: when the database was asked for it, or a little earlier.
        duration: seconds of a lease in the database.
    """
    return asked_at + duration * (1 - MARGIN)


class Lease:
    """Until when items are surely ours, by this machine's clock alone.

    A worker that was stopped and woken sees at once that its lease may be gone, without a
    query; one that runs normally need not ask the database before each publication.

    Args:
        duration: seconds of a lease in the database.
    """

    def __init__(self, duration: float) -> None:
        self._duration = duration
        self._until: dict[int, float] = {}

    def confirm(self, item_ids: set[int], asked_at: float) -> None:
        """The database said at or after ``asked_at`` that the items are ours."""
        for item_id in item_ids:
            self._until[item_id] = lasts_until(asked_at, self._duration)

    def is_sure(self, item_id: int) -> bool:
        """Whether no other worker can have taken the item yet."""
        return boot_time() < self._until.get(item_id, 0.0)

    def forget(self, item_ids: set[int]) -> None:
        """The items are no longer ours to push."""
        for item_id in item_ids:
            self._until.pop(item_id, None)
