"""Claims that exclude each other, and the leases that end them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models.attempt import Outcome, PushAttempt
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemQuerySet, ItemToPush
from pigeon.models.status import WAITING, Status
from pigeon.queue.basics import by_token, chunks, clock, state_alias
from pigeon.queue.coalesce import Choice, Waiting, choose

logger = logging.getLogger("pigeon.queue")

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


def claim(
    destination: Destination,
    *,
    owner: str,
    limit: int,
    using: str,
    rules: Collection[str] = (),
    now: datetime | None = None,
    ignore_schedule: bool = False,
) -> list[ItemToPush]:
    """Take up to ``limit`` items for one worker; no other worker gets them.

    Nothing is taken while another worker is claiming there or before the destination's next
    probe; one item is taken as the probe of a destination that is failing or stopped.

    Args:
        destination: where the items go.
        owner: name of the worker, for people.
        limit: at most this many.
        using: alias of the queue's database.
        rules: only items of these rules; empty: of all.
        now: the time to judge by; the database's unless given.
        ignore_schedule: treat waiting retries and the next probe as due.
    """
    token = uuid.uuid4().hex
    with transaction.atomic(using=state_alias()), transaction.atomic(using=using):
        now = now or clock(using)
        state = _lock(destination, now, ignore_schedule)
        if state is None:
            return []
        items = ItemToPush.objects.using(using).filter(destination=destination.name)
        _recover(items, now)
        scope = items.filter(rule_name__in=rules) if rules else items
        keys = _candidates(scope, limit if state.is_well else 1, now, ignore_schedule)
        choice = choose(_waiting(using, keys), FAR_FUTURE if ignore_schedule else now)
        _apply(choice, using, token, owner, now)
    return _claimed(using, token)


def _lock(destination: Destination, now: datetime, force: bool) -> DestinationState | None:
    """The destination's row, locked, if claims are open there."""
    states = DestinationState.objects.using(state_alias())
    rows = states.select_for_update(skip_locked=True).filter(name=destination.name)
    state = rows.first()
    if state is None:
        if states.filter(name=destination.name).exists():
            return None
        states.bulk_create([DestinationState(name=destination.name)], ignore_conflicts=True)
        state = rows.first()
    if state is None or state.is_well or force:
        return state
    if state.stopped_reason and state.fingerprint != destination.fingerprint():
        return state
    return state if state.next_probe is None or state.next_probe <= now else None


def _recover(items: ItemQuerySet, now: datetime) -> None:
    """Take back what workers left behind that stopped without a word."""
    for item in items.lease_ended(now).select_for_update():
        message = f"Worker {item.lease_owner} stopped without a word; its lease ended."
        one = ItemToPush.objects.using(items.db).filter(pk=item.pk)
        if item.push_attempts + 1 >= conf.MAX_PUSH_ATTEMPTS:
            one.set_failed(Status.PUSH_ERROR, f"{message} No attempts are left.")
        else:
            one.set_retry(now, message)
        started = item.last_push_attempts_date or now
        PushAttempt.objects.using(items.db).create(
            item=item,
            started=started,
            duration=(now - started).total_seconds(),
            worker=item.lease_owner,
            outcome=Outcome.LEASE_ENDED,
            message=message,
        )
        logger.warning("Item %s: %s", item.pk, message, extra={"item": item.pk})


def _candidates(items: ItemQuerySet, limit: int, now: datetime, all_due: bool) -> list[str]:
    """Order keys of the next ``limit`` items: two index ranges, each with its share."""
    busy = items.model._default_manager.using(items.db).filter(
        order_key=OuterRef("order_key"), status=Status.IN_PROGRESS
    )
    free = items.filter(~Exists(busy))
    due = free.filter(status=Status.RETRY)
    due = due if all_due else due.filter(next_attempt_date__lte=now)
    again = list(due.order_by("next_attempt_date").values_list("order_key", flat=True)[:limit])
    new = list(
        free.filter(status=Status.NEW)
        .order_by("-priority", "id")
        .values_list("order_key", flat=True)[:limit]
    )
    share = max(limit // 2, limit - len(new)) if limit > 1 else limit
    again = again[:share]
    return list(dict.fromkeys(again + new[: limit - len(again)]))


def _waiting(using: str, keys: Sequence[str]) -> Iterator[Waiting]:
    """All waiting items with ``keys``."""
    for chunk in chunks(keys):
        rows = ItemToPush.objects.using(using).filter(order_key__in=chunk, status__in=WAITING)
        for row in rows.values_list(*Waiting.__slots__):
            yield Waiting(*row)


def _apply(choice: Choice, using: str, token: str, owner: str, now: datetime) -> None:
    items = ItemToPush.objects.using(using)
    for chunk in chunks(choice.superseded):
        items.filter(pk__in=chunk).set_superseded()
    for pk, (action, fields) in choice.merged.items():
        items.filter(pk=pk).update(action=action, changed_fields=fields)
    lease = timedelta(seconds=conf.LEASE_DURATION)
    for chunk in chunks(choice.taken):
        items.filter(pk__in=chunk).set_in_progress(token, owner, now, lease)


def _claimed(using: str, token: str) -> list[ItemToPush]:
    items = ItemToPush.objects.using(using).held(token)
    return list(items.select_related("parcel").order_by("-priority", "id"))


def has_work(destination: str, using: str, now: datetime | None = None) -> bool:
    """Whether a claim at ``destination`` could find something."""
    items = ItemToPush.objects.using(using).filter(destination=destination)
    now = now or clock(using)
    return (
        items.new().exists()
        or items.retry().filter(next_attempt_date__lte=now).exists()
        or items.lease_ended(now).exists()
    )


def renew(items: Iterable[ItemToPush], using: str) -> set[int]:
    """Let the leases of ``items`` end later; the ids of those that are still held."""
    held: set[int] = set()
    with transaction.atomic(using=using):
        until = clock(using) + timedelta(seconds=conf.LEASE_DURATION)
        for token, pks in by_token(items).items():
            mine = ItemToPush.objects.using(using).held(token)
            for chunk in chunks(pks):
                mine.filter(pk__in=chunk).set_renewed(until)
                held.update(mine.filter(pk__in=chunk).values_list("pk", flat=True))
    return held
