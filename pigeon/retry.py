"""Again, and when? Pure functions: nothing here reads a clock or a database."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta


def delay(
    failures: int, schedule: Sequence[float], jitter: Callable[[], float] = random.random
) -> timedelta:
    """How long to wait after ``failures`` failures in a row (1 or more).

    Jitter takes off up to half, so that many items that failed together do not come back
    together.

    Args:
        failures: how many attempts have failed.
        schedule: seconds after the 1st, 2nd, … failure; the last repeats.
        jitter: gives a number from 0 to 1.
    """
    seconds = schedule[min(failures, len(schedule)) - 1]
    return timedelta(seconds=seconds * (1 - jitter() / 2))


def next_attempt(
    now: datetime,
    failures: int,
    *,
    schedule: Sequence[float],
    max_attempts: int,
    retry_after: timedelta | None = None,
    expires: datetime | None = None,
    jitter: Callable[[], float] = random.random,
) -> datetime | None:
    """When to try again after failure number ``failures``; ``None``: never.

    A partner's ``retry_after`` is obeyed: it is never earlier than that.
    """
    if failures >= max_attempts:
        return None
    when = now + max(delay(failures, schedule, jitter), retry_after or timedelta())
    return None if expires is not None and when >= expires else when
