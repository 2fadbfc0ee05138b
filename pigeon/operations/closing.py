"""What people do to destinations: let nothing go there for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from pigeon import queue
from pigeon.conf import conf
from pigeon.exceptions import OperationRefused
from pigeon.models.destination_state import DestinationState
from pigeon.models.operation import Verb
from pigeon.operations.record import MAX_ACTOR, Record
from pigeon.operations.values import By
from pigeon.queue import state_alias
from pigeon.registry import registry
from pigeon.text import storable


def pause(names: Collection[str], by: By, reason: str = "") -> int:
    """Let nothing be claimed at ``names`` until somebody resumes them; items wait meanwhile.

    Returns:
        How many of them were not paused yet.

    Raises:
        OperationRefused: no name is given, or there is no such destination.
    """
    _demand(names)
    reason = storable(reason)

    actor = storable(by.actor)[:MAX_ACTOR]
    with transaction.atomic(using=state_alias()):
        paused = queue.pausing.pause(names, by=actor, reason=reason)
        records = _records(Verb.PAUSED, by, paused, reason)
    return _told(records)


def resume(names: Collection[str], by: By) -> int:
    """Let ``names`` go on.

    Those that fail or are stopped are tried at once, with their waiting retries, as if the
    reason were mended; if it is not, they rest again.

    Returns:
        How many of them had been paused, failing or stopped.

    Raises:
        OperationRefused: no name is given, or there is no such destination.
    """
    _demand(names)
    with transaction.atomic(using=state_alias()):
        rested = queue.pausing.resume(names)
        records = _records(Verb.RESUMED, by, sorted({*rested.paused, *rested.unwell}))
    for alias in conf.DATABASES if rested.unwell else ():
        queue.hasten(rested.unwell, alias)
    return _told(records)


def _records(verb: Verb, by: By, names: Iterable[str], detail: str = "") -> list[Record]:
    using = state_alias()
    records = [Record(verb, by, using, destination=name, detail=detail) for name in names]
    for record in records:
        record.write()
    return records


def _told(records: list[Record]) -> int:
    for record in records:
        record.tell()
    return len(records)


def _demand(names: Collection[str]) -> None:
    """Refuse names that are neither in the settings nor known from before."""
    if not names:
        raise OperationRefused("Name a destination.")
    storables = [storable(name) for name in names]
    states = DestinationState.objects.using(state_alias()).filter(name__in=storables)
    known = {*registry.destinations(), *states.values_list("name", flat=True)}
    if unknown := sorted(set(names) - known):
        raise OperationRefused(
            f"There is no destination {', '.join(map(repr, unknown))}. Known names: "
            f"{', '.join(sorted(registry.destinations())) or 'none'}."
        )
