"""Is the queue well? The facts behind ``pigeon_check``, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from pigeon.condition import (
    closed_because,
    moment,
    open_since,
    out_of_hours,
    states_by_name,
)
from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models.destination_state import DestinationState
from pigeon.queue import clock, survey
from pigeon.registry import registry

#: Items that failed longer ago than this are no longer news.
RECENT = timedelta(days=1)


class Level(IntEnum):
    """What a monitoring system makes of it; the numbers are exit codes."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, in a sentence without a full stop."""

    level: Level
    text: str


@dataclass
class Facts:
    """What was found in the queues of all databases; counts stop at ``survey.COUNTED``.

    Attributes:
        oldest: seconds that the oldest waiting item has been waiting.
        oldest_at: its destination.
        waiting: waiting items, those of destinations that no longer exist too.
        failed: items that ended in an error within the last day.
        abandoned: items whose worker let its lease end.
        orphans: destination or rule that no longer exists → how many items wait for it.
        closed: destination with waiting items at which nothing is tried now → why.
        stopped: those of them that wait for somebody to act.
        resting: destination with waiting items that is out of its hours → until when.
    """

    oldest: float = 0
    oldest_at: str = ""
    waiting: int = 0
    failed: int = 0
    abandoned: int = 0
    orphans: dict[str, int] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    resting: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """The verdict: a level, the sentences behind it, and numbers to draw."""

    level: Level
    sentences: tuple[str, ...]
    measures: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """One line as monitoring plug-ins print it: verdict, text, ``|``, numbers."""
        text = "; ".join(self.sentences)
        for mark in ("\r", "\n", "|"):
            text = text.replace(mark, " ")
        numbers = " ".join(f"{name}={value}" for name, value in self.measures.items())
        return f"PIGEON {self.level.name} - {text}" + (f" | {numbers}" if numbers else "")


def look() -> Facts:
    """Ask all queues, along their indexes only.

    Raises:
        django.db.Error: a database cannot be read.
    """
    facts = Facts()
    known = registry.destinations()
    states = states_by_name()
    for using in conf.DATABASES:
        now = clock(using)
        _look_at_age(facts, using, known, now)
        _look_at_destinations(facts, using, known, states, now)
        lookback = timedelta(seconds=_longest_way())
        facts.failed += survey.count_failed(using, now - RECENT, lookback)
        facts.abandoned += survey.count_abandoned(using, now)
    return facts


def check() -> Health:
    """The verdict on :func:`look`.

    Raises:
        django.db.Error: a database cannot be read.
    """
    facts = look()
    findings = [
        *_age(facts),
        *_destinations(facts),
        *_resting(facts),
        *_orphans(facts),
        *_counts(facts),
    ]
    level = max((finding.level for finding in findings), default=Level.OK)
    findings.sort(key=lambda finding: -finding.level)
    sentences = tuple(finding.text for finding in findings) or (_calm(facts),)
    return Health(level, sentences, _measures(facts))


def unknown(reason: str) -> Health:
    """The verdict when nothing could be found out."""
    return Health(Level.UNKNOWN, (reason,))


def _look_at_age(
    facts: Facts, using: str, known: Mapping[str, Destination], now: datetime
) -> None:
    """Where there are hours, an item waits from the moment when it could have gone."""
    rules = {rule.name for rule in registry.rules()}
    opened = {name: open_since(destination, now) for name, destination in known.items()}
    resting = [name for name, destination in known.items() if out_of_hours(destination, now)]
    for old in survey.oldest(using, now, without=resting):
        since = max(old.since, opened.get(old.destination) or old.since)
        seconds = (now - since).total_seconds()
        if seconds > facts.oldest:
            facts.oldest, facts.oldest_at = seconds, old.destination
        if old.rule_name not in rules:
            name = f"rule {old.rule_name!r}"
            facts.orphans[name] = facts.orphans.get(name, 0) + 1


def _look_at_destinations(
    facts: Facts,
    using: str,
    known: Mapping[str, Destination],
    states: Mapping[str, DestinationState],
    now: datetime,
) -> None:
    for name in survey.destinations_in_use(using):
        waiting = survey.count_waiting(name, using)
        facts.waiting += waiting
        if not waiting:
            continue
        if name not in known:
            orphan = f"destination {name!r}"
            facts.orphans[orphan] = facts.orphans.get(orphan, 0) + waiting
        elif opens := out_of_hours(known[name], now):
            facts.resting[name] = opens
        elif reason := closed_because(known[name], states.get(name), now):
            facts.closed[name] = reason
            if states[name].stopped_reason:
                facts.stopped.add(name)


def _longest_way() -> float:
    """Seconds from an item's first attempt to its last."""
    schedule, pauses = conf.RETRY_SCHEDULE, conf.MAX_PUSH_ATTEMPTS - 1
    return sum(schedule[:pauses]) + max(0, pauses - len(schedule)) * schedule[-1]


def _age(facts: Facts) -> Iterable[Finding]:
    for level, limit in (
        (Level.CRITICAL, conf.CHECK_TOO_OLD_AGE),
        (Level.WARNING, conf.CHECK_OLD_AGE),
    ):
        if facts.oldest >= limit:
            text = f"the oldest item has been waiting {_spoken(facts.oldest)}"
            return [Finding(level, f"{text} for {facts.oldest_at or 'no destination'}")]
    return []


def _destinations(facts: Facts) -> Iterable[Finding]:
    for name, reason in facts.closed.items():
        level = Level.CRITICAL if name in facts.stopped else Level.WARNING
        yield Finding(level, f"{name} is {reason.rstrip('.')}")


def _resting(facts: Facts) -> Iterable[Finding]:
    for name, opens in facts.resting.items():
        yield Finding(Level.OK, f"{name} is out of its hours until {moment(opens)}")


def _orphans(facts: Facts) -> Iterable[Finding]:
    for name, number in facts.orphans.items():
        yield Finding(Level.WARNING, f"{_items(number)} for {name}, which no longer exists")


def _counts(facts: Facts) -> Iterable[Finding]:
    if facts.failed:
        yield Finding(Level.WARNING, f"{_items(facts.failed)} failed within a day")
    if facts.abandoned:
        text = f"a worker stopped and left {_items(facts.abandoned)} to the next pigeon_push"
        yield Finding(Level.WARNING, text)


def _calm(facts: Facts) -> str:
    if not facts.waiting:
        return "nothing waits"
    return f"{_items(facts.waiting)} waiting, the oldest for {_spoken(facts.oldest)}"


def _measures(facts: Facts) -> dict[str, str]:
    """Name → value, warning and critical range, smallest value."""
    limits = f"{conf.CHECK_OLD_AGE:g};{conf.CHECK_TOO_OLD_AGE:g}"
    failing = len(facts.closed) - len(facts.stopped)
    return {
        "oldest": f"{facts.oldest:.0f}s;{limits};0",
        "waiting": f"{min(facts.waiting, survey.COUNTED)};;;0",
        "failed": f"{min(facts.failed, survey.COUNTED)};0;;0",
        "stopped": f"{len(facts.stopped)};;0;0",
        "failing": f"{failing};0;;0",
        "orphans": f"{sum(facts.orphans.values())};0;;0",
        "abandoned": f"{min(facts.abandoned, survey.COUNTED)};0;;0",
    }


def _items(number: int) -> str:
    more = " or more" if number >= survey.COUNTED else ""
    return f"{number}{more} item{'' if number == 1 else 's'}"


def _spoken(seconds: float) -> str:
    """``seconds`` as people say it: in the largest unit that is there twice, at least."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
