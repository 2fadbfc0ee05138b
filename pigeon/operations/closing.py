"""What people do to destinations: let nothing go there for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from pigeon import queue
from pigeon.exceptions import OperationRefused
from pigeon.models.destination_state import DestinationState
from pigeon.models.operation import Verb
from pigeon.operations.record import Record
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

    def close() -> list[str]:
        return queue.pausing.pause(names, by=storable(by.actor)[:255], reason=reason)

    with transaction.atomic(using=state_alias()):
        records = _records(Verb.PAUSED, by, close(), reason)
    return _told(records)


def resume(names: Collection[str], by: By) -> int:
    """Let ``names`` go on; those that fail or are stopped are tried at once.

    Returns:
        How many of them had been paused, failing or stopped.

    Raises:
        OperationRefused: no name is given, or there is no such destination.
    """
    _demand(names)
    return _told(_records(Verb.RESUMED, by, queue.pausing.resume(names)))


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
    states = DestinationState.objects.using(state_alias()).filter(name__in=names)
    known = {*registry.destinations(), *states.values_list("name", flat=True)}
    if unknown := sorted(set(names) - known):
        raise OperationRefused(
            f"There is no destination {', '.join(map(repr, unknown))}. Known names: "
            f"{', '.join(sorted(registry.destinations())) or 'none'}."
        )
