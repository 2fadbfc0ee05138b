"""Claims that exclude each other, and the leases that end them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.db.models import DateTimeField, Exists, OuterRef, prefetch_related_objects
from django.db.models.expressions import Combinable

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.models.among import Among
from pigeon.models.chunks import chunks
from pigeon.models.compiled import Argument, Arguments, CompiledQuery
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.queue import tallies
from pigeon.queue.basics import by_token, clock, state_alias
from pigeon.queue.candidates import due, fresh, next_keys, waiting_rows
from pigeon.queue.coalesce import Choice, choose
from pigeon.queue.destinations import is_open
from pigeon.queue.leases import recover
from pigeon.tracing import number, traced


@traced("pigeon.claim", lambda destination, **_: {"destination": destination.name}, number)
def claim(
    destination: Destination,
    *,
    owner: str,
    limit: int,
    using: str,
    rules: Collection[str] = (),
    now: datetime | None = None,
) -> list[ItemToPush]:
    """Take up to ``limit`` items for one worker; no other worker gets them.

    Nothing is taken while another worker is claiming there or before the destination's next
    probe; one item is taken as the probe of a destination that is failing or stopped, once
    nothing else is in progress there.

    Args:
        destination: where the items go.
        owner: name of the worker, for people.
        limit: at most this many.
        using: alias of the queue's database.
        rules: only items of these rules; empty: of all.
        now: the time to judge by; the database's unless given.
    """
    name = destination.name
    if not is_open(_known(destination), destination, now or clock(using)):
        return []
    with _excluding(using):
        states = _LOCKED.objects(state_alias(), names=[name])
        now = now or clock(using)
        if not states or not is_open(states[0], destination, now):
            return []
        lost = recover(name, using, now)
        taken: list[ItemToPush] = []
        is_well = states[0].is_well
        if is_well or not _is_in_progress(name, using):
            keys = next_keys(name, limit if is_well else min(limit, 1), now, using, rules)
            choice = choose(waiting_rows(using, keys), now)
            taken = _take(choice, name, using, owner, now)
        tallies.count(lost, using, now)
        return taken


def _known(destination: Destination) -> DestinationState:
    """The destination's row, made now if need be: outside the claim, so that none waits for it."""
    for state in _STATES.objects(state_alias(), names=[destination.name]):
        return state
    state = DestinationState(name=destination.name)
    states = DestinationState.objects.using(state_alias())
    states.bulk_create([state], ignore_conflicts=True)
    return state


def _is_in_progress(destination: str, using: str) -> bool:
    items = ItemToPush.objects.using(using).filter(destination=destination)
    return items.in_progress().exists()


@contextmanager
def _excluding(using: str) -> Iterator[None]:
    """One transaction, in which the destination's row can be locked as well.

    SQLite's IMMEDIATE transaction excludes every other claim by itself. A second one on the
    database of the states would wait for saves that write to both, which wait for this one.
    """
    with ExitStack() as stack:
        vendors = {connections[using].vendor, connections[state_alias()].vendor}
        if vendors != {"sqlite"} and using != state_alias():
            stack.enter_context(transaction.atomic(using=state_alias()))
        stack.enter_context(transaction.atomic(using=using))
        yield


def _take(
    choice: Choice, destination: str, using: str, owner: str, now: datetime
) -> list[ItemToPush]:
    """Write what was chosen, unless somebody moved it meanwhile; the items that are ours then."""
    for chunk in chunks(choice.superseded):
        _here(using, destination).filter(Among("pk", chunk)).set_superseded()
    for pk, merged in choice.merged.items():
        one = _here(using, destination).filter(pk=pk)
        one.set_merged(merged.action, merged.changed_fields, merged.lease_token)
    token = uuid.uuid4().hex
    until = now + timedelta(seconds=conf.LEASE_DURATION)
    taken: list[ItemToPush] = []
    for chunk in chunks(choice.taken):
        chosen = {"ids": chunk, "destination": destination, "token": token}
        _TAKE.execute(using, **chosen, owner=owner, now=now, until=until)
        taken += _TAKEN.objects(using, **chosen)
    # Most have none yet: joined, it would cost more than a query of its own.
    prefetch_related_objects([item for item in taken if item.parcel_id is not None], "parcel")
    return sorted(taken, key=lambda item: (-item.priority, item.id))


def _here(using: str, destination: str) -> ItemQuerySet:
    return ItemToPush.objects.using(using).still_for(destination)


def has_work(destination: str, using: str, now: datetime | None = None) -> bool:
    """Whether a claim at ``destination``, were it open, would find something at ``now``."""
    now = now or clock(using)
    found = next_keys(destination, 1, now, using)
    return bool(found or _LOST.rows(using, destination=destination, now=now))


def with_work(destinations: Mapping[str, Destination], using: str) -> set[str]:
    """Names of those at which a claim would find something now, in two queries for most.

    Those at which nobody has claimed yet, or whose state is in another database, are asked one
    by one. Those that are closed are left out.
    """
    now = clock(using)
    states = _STATES.objects(state_alias(), names=list(destinations))
    known = {state.name: state for state in states}
    opened = [
        name
        for name, destination in destinations.items()
        if name not in known or is_open(known[name], destination, now)
    ]
    together = [name for name in opened if name in known and using == state_alias()]
    found = {name for name in opened if name not in together and has_work(name, using, now)}
    for chunk in chunks(together):
        found.update(_WITH_WORK.column(using, names=chunk, now=now))
    return found


def renew(items: Iterable[ItemToPush], using: str) -> set[int]:
    """Let the leases of ``items`` end later; the ids of those that are still held."""
    held: set[int] = set()
    with transaction.atomic(using=using):
        until = clock(using) + timedelta(seconds=conf.LEASE_DURATION)
        for token, pks in by_token(items).items():
            for chunk in chunks(pks):
                mine = ItemToPush.objects.using(using).held(token).filter(Among("pk", chunk))
                ours = mine.lock()
                mine.filter(Among("pk", ours)).set_renewed(until)
                held.update(ours)
    return held


_NAMES, _IDS = Arguments("names"), Arguments("ids")
_DESTINATION, _TOKEN, _OWNER = map(Argument, ("destination", "token", "owner"))
_NOW, _UNTIL = (Argument(name, DateTimeField()) for name in ("now", "until"))


def _work(items: ItemQuerySet) -> Combinable:
    here = items.filter(destination=OuterRef("name"))
    return Exists(fresh(here, _NOW)) | Exists(due(here, _NOW)) | Exists(here.lease_ended(_NOW))


def _chosen(items: ItemQuerySet) -> ItemQuerySet:
    return items.still_for(_DESTINATION).filter(Among("pk", _IDS))


_STATES = CompiledQuery(DestinationState, lambda states: states.filter(Among("name", _NAMES)))
_LOCKED = CompiledQuery(
    DestinationState,
    lambda states: states.filter(Among("name", _NAMES)).select_for_update(skip_locked=True),
)
_WITH_WORK = CompiledQuery(
    DestinationState,
    lambda states: (
        states.filter(_work(ItemToPush.objects.using(states.db)), Among("name", _NAMES))
        .values_list("name")
    ),
)  # fmt: skip
_LOST = CompiledQuery(
    ItemToPush,
    lambda items: (
        items.filter(destination=_DESTINATION).lease_ended(_NOW).order_by().values_list("pk")[:1]
    ),
)
_TAKE = CompiledQuery(
    ItemToPush, lambda items: _chosen(items).set_in_progress(_TOKEN, _OWNER, _NOW, _UNTIL)
)
_TAKEN = CompiledQuery(ItemToPush, lambda items: _chosen(items).held(_TOKEN))
