"""What the facts mean: a level, and sentences for whoever is on call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from pigeon.condition import moment
from pigeon.conf import conf
from pigeon.health.facts import Facts
from pigeon.limits import ages_of
from pigeon.queue import survey
from pigeon.text import spoken

#: Of several destinations in one sentence so many are named.
NAMED = 3


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


def unknown(reason: str) -> Health:
    """The verdict when nothing could be found out."""
    return Health(Level.UNKNOWN, (reason,))


def verdict(facts: Facts, more: Iterable[Finding] = ()) -> Health:
    """What ``facts`` mean, together with findings from elsewhere; the worst comes first."""
    findings = [*_findings(facts), *more]
    level = max((finding.level for finding in findings), default=Level.OK)
    findings.sort(key=lambda finding: -finding.level)
    sentences = tuple(finding.text for finding in findings) or (_calm(facts),)
    return Health(level, sentences, _measures(facts))


def _findings(facts: Facts) -> Iterator[Finding]:
    yield from _ages(facts)
    for name, reason in facts.closed.items():
        level = Level.CRITICAL if name in facts.stopped else Level.WARNING
        yield Finding(level, f"{name} is {reason.rstrip('.')}")
    for name, reason in facts.paused.items():
        yield Finding(Level.WARNING, f"{name} is {reason.rstrip('.')}")
    for name, opens in facts.resting.items():
        yield Finding(Level.OK, f"{name} is out of its hours until {moment(opens)}")
    for name, number in facts.orphans.items():
        yield Finding(Level.WARNING, f"{_items(number)} for {name}, which no longer exists")
    if facts.failed:
        yield Finding(Level.WARNING, f"{_items(facts.failed)} failed within a day")
    if facts.abandoned:
        text = f"a worker stopped and left {_items(facts.abandoned)} to the next pigeon_push"
        yield Finding(Level.WARNING, text)


def _ages(facts: Facts) -> Iterator[Finding]:
    """One sentence for those that are too old, one for those that are only old."""
    found: dict[Level, dict[str, float]] = {}
    for name, seconds in facts.ages.items():
        limits = ages_of(facts.known.get(name))
        if seconds >= limits.too_old:
            found.setdefault(Level.CRITICAL, {})[name] = seconds
        elif seconds >= limits.old:
            found.setdefault(Level.WARNING, {})[name] = seconds
    for level, ages in found.items():
        yield Finding(level, _waited(ages))


def _waited(ages: Mapping[str, float]) -> str:
    first, *others = sorted(ages, key=lambda name: -ages[name])
    text = (
        f"the oldest item has been waiting {spoken(ages[first])} for {first or 'no destination'}"
    )
    said = [f"{name} ({spoken(ages[name])})" for name in others[:NAMED]]
    if len(others) > NAMED:
        said.append(f"{len(others) - NAMED} more")
    return f"{text}, and too long for {', '.join(said)}" if said else text


def _calm(facts: Facts) -> str:
    if not facts.waiting:
        return "nothing waits"
    items = _items(facts.waiting, more=facts.capped)
    return f"{items} waiting, the oldest for {spoken(facts.oldest)}"


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
        "paused": f"{len(facts.paused)};0;;0",
        "orphans": f"{sum(facts.orphans.values())};0;;0",
        "abandoned": f"{min(facts.abandoned, survey.COUNTED)};0;;0",
    }


def _items(number: int, *, more: bool = False) -> str:
    words = " or more" if more or number >= survey.COUNTED else ""
    return f"{number}{words} item{'' if number == 1 else 's'}"
