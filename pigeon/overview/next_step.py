"""What happens next with an item, and why: in words for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pigeon.condition import closed_because, moment
from pigeon.models.attempt import PushAttempt
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.models.status import FIRST_ERROR, UNFINISHED, WAITING, Status
from pigeon.overview.cures import cure
from pigeon.queue import clock, state_alias
from pigeon.registry import registry
from pigeon.text import sentence


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next.

    Attributes:
        words: a sentence or two.
        cure: what somebody should do; empty: nothing.
        newer: id of a later item for the same thing at the same place that arrived or may
            arrive yet.
    """

    words: str
    cure: str = ""
    newer: int | None = None


def next_step(item: ItemToPush, last: PushAttempt | None, using: str) -> NextStep:
    """What happens next with ``item``, whose last attempt was ``last``."""
    newer = _newer(item, using)
    number = newer.pk if newer else None
    if item.status in WAITING:
        return NextStep(*_waiting(item, last, newer, using), newer=number)
    if item.status == Status.IN_PROGRESS:
        return NextStep(_held(item, using), newer=number)
    if item.status >= FIRST_ERROR:
        help_ = cure(last.error_class if last else "", item.message)
        words = f"Nothing: it failed for good, {_reason(item)}"
        return NextStep(words, _join(help_, _again(number)), number)
    return NextStep(_ended(item, number), newer=number)


def _newer(item: ItemToPush, using: str) -> ItemToPush | None:
    """The newest later item with the same order key that counts; the same as for a replay."""
    rows = ItemToPush.objects.using(using).filter(
        order_key=item.order_key,
        object_id=item.object_id,
        status__in=(*UNFINISHED, Status.PUSHED),
        pk__gt=item.pk,
    )
    return rows.only("status").order_by("-pk").first()


def _waiting(
    item: ItemToPush, last: PushAttempt | None, newer: ItemToPush | None, using: str
) -> tuple[str, str]:
    """What it waits for, and what helps."""
    ends = f" It is called off if it has not arrived by {moment(item.expires)}."
    ends = ends if item.expires else ""
    now = clock(using)
    known = registry.destinations().get(item.destination)
    if known is None:
        return _nowhere(item)
    states = DestinationState.objects.using(state_alias())
    state = states.filter(name=item.destination).first()
    if closed := closed_because(known, state, now):
        words = f"It waits, because the destination {item.destination} is {closed}"
        return sentence(words) + ends, _help_for(state)
    if newer is not None and newer.status in WAITING:
        return f"Item {newer.pk} is newer and waits as well: it takes this one's place.", ""
    if item.next_attempt_date and item.next_attempt_date > now and item.status == Status.RETRY:
        words = f"It is tried again at {moment(item.next_attempt_date)}, {_reason(item)}"
        return sentence(words) + ends, _help(item, last)
    return f"It goes with the next push, as soon as a worker is free.{ends}", _worker(item, now)


def _nowhere(item: ItemToPush) -> tuple[str, str]:
    words = f"It waits for ever: the destination {item.destination} is no longer in the settings."
    return words, (
        "Put it back into PIGEON_DESTINATIONS or PIGEON_PUSH_URLS, move its items with "
        "pigeon_retry --to, or cancel the item."
    )


def _worker(item: ItemToPush, now: datetime) -> str:
    """Help for what should have gone long ago."""
    due = max(filter(None, (item.creation_date, item.next_attempt_date, item.render_after)))
    if (now - due).total_seconds() < 600:
        return ""
    return (
        f"It has been waiting since {moment(due)}. See whether pigeon_push runs: by cron every "
        "minute, or for ever with --forever."
    )


def _held(item: ItemToPush, using: str) -> str:
    if item.lease_until is not None and item.lease_until <= clock(using):
        return (
            f"The worker {item.lease_owner} stopped without a word; the next push takes the "
            "item back."
        )
    return f"The worker {item.lease_owner} is at it, and has it until {moment(item.lease_until)}."


def _ended(item: ItemToPush, newer: int | None) -> str:
    if item.status == Status.SUPERSEDED:
        place = f"item {newer}" if newer else "a newer item"
        return f"Nothing: {place} took its place, with what this one had to say."
    if item.status == Status.CANCELLED:
        return sentence(f"Nothing: it was called off, {_reason(item)}")
    return f"Nothing: it arrived at {moment(item.pushed_date)}."


def _again(newer: int | None) -> str:
    if newer is None:
        return "Then send it again."
    return f"Item {newer} is newer, so look there first."


def _help(item: ItemToPush, last: PushAttempt | None) -> str:
    return cure(last.error_class, last.message) if last and item.message else ""


def _help_for(state: DestinationState | None) -> str:
    """Help for a destination to which nothing goes now."""
    if state is None:
        return ""
    if state.is_paused:
        return "Resume the destination, on its page, when things may go there again."
    reason = state.stopped_reason or state.last_error
    return cure("", reason) if reason and not state.is_well else ""


def _reason(item: ItemToPush) -> str:
    return f"because: {item.message}" if item.message else "and no reason was recorded."


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
