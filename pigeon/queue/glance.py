"""What waits for many destinations, in a few statements however many there are.

Each statement asks about a hundred destinations, and looks only at index ranges of limited
length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.models.status import UNFINISHED, WAITING, Status
from pigeon.queue import joined
from pigeon.queue.shared import once
from pigeon.queue.survey import AGE, COUNTED, waits_since

#: Items that are counted at all destinations together, and at least at each.
ALL, EACH = 20_000, 500
#: Destinations in one statement; SQLite joins no more than 500 parts.
NAMES = 100
#: Of each destination and status so many of the oldest items are looked at.
OLDEST = 20
#: Of each destination so many of the latest attempts are looked at for an error.
LATEST = 50
#: Of each status so many of the oldest waiting items are looked at to tell rules apart.
RULES = 2_000
_TOLD = (
    "id", "destination", "rule_name", "started", "duration", "outcome", "error_class", "message",
)  # fmt: skip
_FAILED = ", ".join(f"'{each}'" for each in (Outcome.RETRY, Outcome.FAILED, Outcome.LEASE_ENDED))


class Backlog(NamedTuple):
    """How many items wait for a destination, and are in progress there.

    ``is_capped``: counting stopped, there may be more.
    """

    waiting: int
    in_progress: int
    is_capped: bool


class RuleBacklog(NamedTuple):
    """How many waiting items of a rule were seen, and since when the oldest of them waits."""

    waiting: int
    oldest: datetime


@once
def backlogs(names: tuple[str, ...], using: str) -> Mapping[str, Backlog]:
    """Destination → what it has to do.

    Counting stops at so many items of a status. Of many destinations less is counted at each, so
    that it takes no longer.
    """
    limit = min(COUNTED, max(EACH, ALL // max(1, len(names))))
    found: dict[str, dict[int, int]] = {}
    for chunk in chunks(names, NAMES):
        parts = [(name, status) for name in chunk for status in UNFINISHED]
        numbers = joined.counts([_range(*part, using)[:limit] for part in parts], using)
        for (name, status), number in zip(parts, numbers, strict=True):
            found.setdefault(name, {})[status] = number
    return {name: _backlog(counts, limit) for name, counts in found.items()}


@once
def oldest_waiting(names: tuple[str, ...], using: str) -> Mapping[str, datetime]:
    """Destination → since when its oldest item waits; those where nothing waits are left out.

    An item that is sent again, or was reset, waits since then. Of each destination and status
    the first :data:`OLDEST` are looked at.
    """
    found: dict[str, datetime] = {}
    for chunk in chunks(names, NAMES):
        parts = [
            _range(name, status, using).order_by("creation_date")[:OLDEST]
            for name in chunk
            for status in WAITING
        ]
        sql, params = joined.rows(parts, ("id", "destination", *AGE), using)
        for item in ItemToPush.objects.using(using).raw(sql, params):
            since = waits_since(item)
            found[item.destination] = min(since, found.get(item.destination, since))
    return found


@once
def latest_failures(names: tuple[str, ...], using: str) -> Sequence[PushAttempt]:
    """Of each destination and rule the latest failed attempt.

    Of each destination the last :data:`LATEST` attempts are looked at. What comes back has
    ``destination``, ``rule_name``, ``started``, ``duration``, ``error_class`` and ``message``.
    """
    attempts = PushAttempt.objects.using(using).order_by("-started")
    latest: dict[tuple[str, str], PushAttempt] = {}
    for chunk in chunks(names, NAMES):
        parts = [attempts.filter(destination=name)[:LATEST] for name in chunk]
        sql, params = joined.rows(parts, _TOLD, using, where=f"WHERE outcome IN ({_FAILED})")
        for attempt in PushAttempt.objects.using(using).raw(sql, params):
            known = latest.setdefault((attempt.destination, attempt.rule_name), attempt)
            if known.started < attempt.started:
                latest[attempt.destination, attempt.rule_name] = attempt
    return list(latest.values())


@once
def rule_backlogs(using: str) -> tuple[Mapping[str, RuleBacklog], bool]:
    """Rule → its waiting items among the oldest :data:`RULES` of each status.

    Returns:
        Also whether there are more, so that each rule may have more.
    """
    found: dict[str, RuleBacklog] = {}
    rows = ItemToPush.objects.using(using).order_by("creation_date")
    parts = [rows.filter(status=status)[:RULES] for status in WAITING]
    sql, params = joined.rows(parts, ("id", "rule_name", *AGE), using)
    looked_at: Counter[int] = Counter()
    for item in ItemToPush.objects.using(using).raw(sql, params):
        since = waits_since(item)
        number, oldest = found.get(item.rule_name) or (0, since)
        found[item.rule_name] = RuleBacklog(number + 1, min(since, oldest))
        looked_at[item.status] += 1
    return found, RULES in looked_at.values()


def _range(name: str, status: int, using: str) -> QuerySet[ItemToPush]:
    return ItemToPush.objects.using(using).filter(destination=name, status=status)


def _backlog(counts: dict[int, int], limit: int) -> Backlog:
    waiting = sum(counts[status] for status in WAITING)
    capped = any(number >= limit for number in counts.values())
    return Backlog(waiting, counts[Status.IN_PROGRESS], capped)
