"""What a run did, counted by destination."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pigeon.models.attempt import Outcome
from pigeon.queue import Result

#: How many errors a summary keeps.
MOST_ERRORS = 100


@dataclass
class Counts:
    """What became of the items for one destination; ``bytes_sent`` in bytes."""

    pushed: int = 0
    retry: int = 0
    failed: int = 0
    cancelled: int = 0
    bytes_sent: int = 0
    last_error: str = ""

    def add(self, result: Result) -> None:
        """Count one recorded result; items given back untried do not count."""
        match result.outcome:
            case Outcome.PUSHED:
                self.pushed += 1
            case Outcome.RETRY:
                self.retry += 1
            case Outcome.CANCELLED:
                self.cancelled += 1
            case Outcome.FAILED:
                self.failed += 1
        self.bytes_sent += sum(each.size for each in result.receipts)
        if result.outcome in (Outcome.RETRY, Outcome.FAILED):
            self.last_error = result.message

    def merge(self, other: Counts) -> None:
        """Add what another process counted for the same destination."""
        self.pushed += other.pushed
        self.retry += other.retry
        self.failed += other.failed
        self.cancelled += other.cancelled
        self.bytes_sent += other.bytes_sent
        self.last_error = other.last_error or self.last_error


@dataclass
class Summary:
    """All counts of a run.

    Attributes:
        destinations: name → counts.
        errors: what went wrong that no item could hold.
        stopped: a signal ended the run before it was done.
        out_of_hours: destination with work that is out of its hours → when it opens.
    """

    destinations: dict[str, Counts] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    stopped: bool = False
    out_of_hours: dict[str, datetime] = field(default_factory=dict)
    _again: set[tuple[str | None, int]] = field(default_factory=set, repr=False)

    def add(self, destination: str, results: Iterable[Result]) -> None:
        """Count ``results`` at ``destination``."""
        counts = self.destinations.setdefault(destination, Counts())
        for result in results:
            self._count_once(counts, result)
            counts.add(result)

    def _count_once(self, counts: Counts, result: Result) -> None:
        """An item that was to be tried again, and was, counts as what became of it."""
        if result.outcome is None:
            return
        item = (result.item._state.db, result.item.id)
        if item in self._again:
            self._again.discard(item)
            counts.retry -= 1
        if result.outcome == Outcome.RETRY:
            self._again.add(item)

    def merge(self, other: Summary) -> None:
        """Add what another process of the same push counted."""
        for name, counts in other.destinations.items():
            self.destinations.setdefault(name, Counts()).merge(counts)
        for text in other.errors:
            self.add_error(text)
        self.stopped |= other.stopped
        self.out_of_hours |= other.out_of_hours

    def add_error(self, text: str) -> None:
        """Keep ``text``, of many only the latest: a worker may stay for months."""
        self.errors.append(text)
        del self.errors[:-MOST_ERRORS]

    def total(self, name: str) -> int:
        """The sum of one count over all destinations, such as ``total("pushed")``."""
        return sum(getattr(counts, name) for counts in self.destinations.values())
