"""What is found in the queues, along their indexes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pigeon.condition import closed_because, out_of_hours, paused_because, states_by_name
from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models.destination_state import DestinationState
from pigeon.queue import clock, glance, survey
from pigeon.queue.ages import ages
from pigeon.registry import registry

#: Items that failed longer ago than this are no longer news.
RECENT = timedelta(days=1)


@dataclass
class Facts:
    """What was found in the queues of all databases; counts stop somewhere.

    Attributes:
        ages: destination where items wait → seconds that its oldest one has been waiting. Not
            those out of their hours, and not those that somebody paused.
        waiting: waiting items, those of destinations that no longer exist too.
        capped: more may be waiting.
        failed: items that ended in an error within the last day.
        abandoned: items whose worker let its lease end.
        orphans: destination or rule that no longer exists → how many items wait for it.
        closed: destination with waiting items at which nothing is tried now → why.
        stopped: those of them that wait for somebody to act.
        paused: destination with waiting items that somebody paused → who, when and why.
        resting: destination with waiting items that is out of its hours → until when.
        known: the destinations of the settings.
    """

    ages: dict[str, float] = field(default_factory=dict)
    waiting: int = 0
    capped: bool = False
    failed: int = 0
    abandoned: int = 0
    orphans: dict[str, int] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    paused: dict[str, str] = field(default_factory=dict)
    resting: dict[str, datetime] = field(default_factory=dict)
    known: Mapping[str, Destination] = field(default_factory=dict)

    @property
    def oldest(self) -> float:
        """Seconds that the oldest of all waiting items has been waiting."""
        return max(self.ages.values(), default=0)


def look() -> Facts:
    """Ask all queues.

    Raises:
        django.db.Error: a database cannot be read.
    """
    facts = Facts(known=registry.destinations())
    states = states_by_name()
    for using in conf.DATABASES:
        now = clock(using)
        # Those of the settings, too: so pages that tell of all of them ask the same.
        names = tuple(sorted({*facts.known, *survey.destinations_in_use(using)}))
        _look_at_rules(facts, using)
        _look_at_destinations(facts, using, names, states, now)
        _look_at_ages(facts, using, names, now)
        facts.failed += survey.count_failed(using, now - RECENT, timedelta(seconds=_longest_way()))
        facts.abandoned += len(survey.abandoned(using, now))
    return facts


def _look_at_destinations(
    facts: Facts,
    using: str,
    names: tuple[str, ...],
    states: Mapping[str, DestinationState],
    now: datetime,
) -> None:
    for name, backlog in glance.backlogs(names, using).items():
        facts.waiting += backlog.waiting
        facts.capped |= backlog.is_capped
        if not backlog.waiting:
            continue
        state = states.get(name)
        if name not in facts.known:
            orphan = f"destination {name!r}"
            facts.orphans[orphan] = facts.orphans.get(orphan, 0) + backlog.waiting
        elif state is not None and state.is_paused:
            facts.paused[name] = paused_because(state)
        elif opens := out_of_hours(facts.known[name], now):
            facts.resting[name] = opens
        elif reason := closed_because(facts.known[name], state, now):
            facts.closed[name] = reason
            if state is not None and state.stopped_reason:
                facts.stopped.add(name)


def _look_at_ages(facts: Facts, using: str, names: tuple[str, ...], now: datetime) -> None:
    """Ages where items are meant to move: a pause that somebody wants is no delay."""
    for name, seconds in ages(names, facts.known, now, using).items():
        if name not in facts.paused:
            facts.ages[name] = max(seconds, facts.ages.get(name, 0))


def _look_at_rules(facts: Facts, using: str) -> None:
    """Rules that no longer exist, of which the oldest waiting items tell."""
    rules = {rule.name for rule in registry.rules()}
    for name, backlog in glance.rule_backlogs(using)[0].items():
        if name not in rules:
            orphan = f"rule {name!r}"
            facts.orphans[orphan] = facts.orphans.get(orphan, 0) + backlog.waiting


def _longest_way() -> float:
    """Seconds from an item's first attempt to its last."""
    schedule, pauses = conf.RETRY_SCHEDULE, conf.MAX_PUSH_ATTEMPTS - 1
    return sum(schedule[:pauses]) + max(0, pauses - len(schedule)) * schedule[-1]
