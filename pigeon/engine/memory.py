"""Python's search for garbage, out of the way of a push."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects before the youngest are searched, and how much more rarely older ones are.
#: Python's own 700, 10 and 10 would have it run for every few items. What a push makes is
#: mostly freed without a search; what is not, waits no longer than for these many.
THRESHOLDS = (50_000, 50, 100)


@contextmanager
def fewer_searches() -> Iterator[None]:
    """Leave alone what is there already, and search less often among what comes.

    Only for a process that does nothing else: it holds for all its threads.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
