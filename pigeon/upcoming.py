"""What the next push would send, in the order of claims, and why the rest waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pigeon.condition import closed_because, condition, moment, states_by_name
from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.engine import Options
from pigeon.engine.run import chosen_destinations
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.queue import clock, survey
from pigeon.registry import registry

#: Items listed per destination unless another limit is asked for.
LISTED = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """One item: what it is, and why it does not go now (empty: it goes)."""

    item: int
    rule: str
    object: str
    title: str
    action: str
    attempts: int
    waits: str = ""
    next_attempt: datetime | None = None


@dataclass(slots=True)
class Outlook:
    """What waits for one destination in one database.

    Attributes:
        destination: its name.
        url: without password; empty for a destination that no longer exists.
        database: alias of the queue's database.
        condition: ``"well"``, or what is wrong and when it is tried again.
        going: items that the next push takes, in its order.
        waiting: items that it does not take, each with the reason.
        more: there are more than were listed.
    """

    destination: str
    url: str
    database: str
    condition: str
    going: list[Planned] = field(default_factory=list)
    waiting: list[Planned] = field(default_factory=list)
    more: bool = False


def outlooks(options: Options) -> Iterator[Outlook]:
    """What a push with ``options`` finds, destination by destination; idle ones are left out.

    Raises:
        NotRegistered: an option names an unknown rule or destination.
    """
    chosen = chosen_destinations(options)
    states = states_by_name()
    for using in conf.DATABASES:
        for name in survey.destinations_in_use(using):
            if name in chosen:
                outlook = _of_known(chosen[name], states.get(name), using, options)
            elif options.destinations or name in registry.destinations():
                continue
            else:
                outlook = _of_orphan(name, using, options)
            if outlook.going or outlook.waiting:
                yield outlook


def _of_known(
    destination: Destination, state: DestinationState | None, using: str, options: Options
) -> Outlook:
    name, now = destination.name, clock(using)
    limit = options.limit or LISTED
    words = condition(destination, state, now)
    outlook = Outlook(name, destination.url, using, words)
    closed = bool(closed_because(destination, state, now))
    ready = survey.next_items(name, limit=limit, using=using, rules=options.rules)
    later = survey.not_yet_due(name, limit=limit, using=using, rules=options.rules)
    held = survey.in_progress(name, limit=limit, using=using, rules=options.rules)
    # The whole is in the condition; one item of a thousand need not repeat it.
    reason = f"The destination is {words.partition(': ')[0]}." if closed else ""
    planned = [_planned(item, reason) for item in ready]
    outlook.going = [] if closed else planned
    outlook.waiting = [
        *(planned if closed else ()),
        *(_planned(item, _why_later(item)) for item in later),
        *(_planned(item, _why_held(item, now)) for item in held),
    ]
    outlook.more = limit in (len(ready), len(later), len(held))
    return outlook


def _of_orphan(name: str, using: str, options: Options) -> Outlook:
    limit = options.limit or LISTED
    outlook = Outlook(name, "", using, "no longer exists in the settings")
    for listed in (survey.next_items, survey.not_yet_due):
        items = listed(name, limit=limit, using=using, rules=options.rules)
        outlook.waiting += [_planned(item, "The destination no longer exists.") for item in items]
        outlook.more |= len(items) == limit
    return outlook


def _planned(item: ItemToPush, waits: str) -> Planned:
    return Planned(
        item=item.pk,
        rule=item.rule_name,
        object=f"{item.model_label} {item.object_id}" if item.model_label else "mass push",
        title=item.title,
        action=item.action,
        attempts=item.push_attempts,
        waits=waits,
        next_attempt=item.next_attempt_date,
    )


def _why_later(item: ItemToPush) -> str:
    return f"Next attempt at {moment(item.next_attempt_date)}: {item.message}".rstrip(": ")


def _why_held(item: ItemToPush, now: datetime) -> str:
    if item.lease_until is not None and item.lease_until <= now:
        return f"Worker {item.lease_owner} stopped without a word; the next push takes it back."
    return f"Worker {item.lease_owner} holds it until {moment(item.lease_until)}."
