"""The story of one item: what happened to it, in the order of time, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pigeon.exceptions import ConfigurationError
from pigeon.explain import Explanation, explain
from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.item import ItemToPush
from pigeon.models.operation import Operation
from pigeon.overview.next_step import NextStep, next_step
from pigeon.text import counted

#: The newest attempts and operations that are told; there may be more.
TOLD = 100
#: Files of a parcel, and receipts of an attempt, that are told one by one.
LISTED = 100


class Kind(StrEnum):
    """What an event is."""

    SAVED = "saved"
    RENDERED = "rendered"
    OPERATION = "operation"
    ATTEMPT = "attempt"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an item.

    Attributes:
        moment: when.
        kind: what it is.
        heading: what happened, in a few words.
        notes: more about it, a sentence each.
        is_bad: it failed.
        transcript: seconds since ``moment``, and what was done then.
        receipts: what landed or was removed, as :meth:`pigeon.parcel.Receipt.as_json` gives it.
    """

    moment: datetime
    kind: Kind
    heading: str
    notes: tuple[str, ...] = ()
    is_bad: bool = False
    transcript: Sequence[tuple[float, str]] = ()
    receipts: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class Story:
    """All of it.

    Attributes:
        item: whose story it is.
        events: what happened, the oldest first.
        more: there are older attempts or operations that are not told.
        now: what happens next.
        rules: what the rules say of the object as it is now; ``None`` for a mass push, or
            where they cannot be asked.
    """

    item: ItemToPush
    events: list[Event]
    now: NextStep
    more: bool = False
    rules: Explanation | None = field(default=None)


def story(item: ItemToPush) -> Story:
    """The story of ``item``; its rules are asked anew, about the object's present state."""
    using = str(item._state.db)
    attempts = item.attempts.using(using).order_by("-started", "-pk")[: TOLD + 1]
    done = Operation.objects.using(using).filter(items__item=item).order_by("-moment")
    tried, operations = list(attempts), list(done[: TOLD + 1])
    events = [
        _saved(item),
        *_rendered(item),
        *map(_operation, operations[:TOLD]),
        *map(_attempt, tried[:TOLD]),
    ]
    events.sort(key=lambda event: event.moment)
    now = next_step(item, tried[0] if tried else None, using)
    more = len(tried) > TOLD or len(operations) > TOLD
    return Story(item, events, now, more, _rules(item, using))


def _saved(item: ItemToPush) -> Event:
    notes = []
    if item.is_batch:
        arguments = " ".join(map(str, item.arguments)) or "none"
        notes.append(f"A mass push of rule {item.rule_name}; its arguments: {arguments}.")
    else:
        notes.append(f"Rule {item.rule_name} selected it for {item.destination or 'nobody'}.")
    if item.changed_fields:
        notes.append(f"Changed fields: {', '.join(map(str, item.changed_fields))}.")
    who = f" by {item.actor}" if item.actor else ""
    what = "Queued" if item.is_batch else item.get_action_display().capitalize()
    return Event(item.creation_date, Kind.SAVED, f"{what}{who}", tuple(notes))


def _rendered(item: ItemToPush) -> Iterator[Event]:
    parcel = item.parcel
    if parcel is None:
        return
    files = parcel.manifest.get("files", [])
    left_out = parcel.manifest.get("left_out", [])
    notes = [_file(each) for each in files[:LISTED]] + _rest(len(files), "files")
    notes += [f"Left out: {each['path']}: {each['reason']}" for each in left_out[:LISTED]]
    notes += _rest(len(left_out), "left out")
    heading = f"Rendered: {counted(len(files), 'file')}"
    yield Event(parcel.rendered_at, Kind.RENDERED, heading, tuple(notes), bool(left_out))


def _file(file: Mapping[str, Any]) -> str:
    digest = file["sha256"] or "not known yet"  # it is found out while the file is sent
    return f"{file['path']}: {file['size']} bytes, SHA-256 {digest}"


def _operation(operation: Operation) -> Event:
    door = operation.get_door_display()
    notes = [f"Chosen: {operation.chosen}"] if operation.chosen else []
    if operation.number > 1:
        notes.append(f"{operation.number} items at once.")
    if operation.detail:
        notes.append(operation.detail)
    who = operation.actor or "somebody"
    heading = f"{operation.get_verb_display().capitalize()} by {who} ({door})"
    return Event(operation.moment, Kind.OPERATION, heading, tuple(notes))


def _attempt(attempt: PushAttempt) -> Event:
    notes = [f"{attempt.error_class}: {attempt.message}".strip(": ")]
    notes.append(f"Worker {attempt.worker}, {attempt.duration:.2f} s.")
    notes += _rest(len(attempt.receipts), "receipts")
    outcome = attempt.get_outcome_display()
    return Event(
        attempt.started,
        Kind.ATTEMPT,
        f"Attempt at {attempt.destination}: {outcome}",
        tuple(filter(None, notes)),
        attempt.outcome not in (Outcome.PUSHED, Outcome.CANCELLED),
        [(float(seconds), str(text)) for seconds, text in attempt.transcript],
        attempt.receipts[:LISTED],
    )


def _rest(number: int, what: str) -> list[str]:
    """A sentence about those that are not listed, if there are any."""
    return [f"And {number - LISTED} more {what}."] if number > LISTED else []


def _rules(item: ItemToPush, using: str) -> Explanation | None:
    if item.is_batch:
        return None
    try:
        return explain(item.model, item.object_id, using)
    except (LookupError, ValueError, ConfigurationError):
        return None  # the model is gone, or has other keys now
