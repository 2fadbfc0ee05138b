"""Noting what is to be told; a few rows, however much fails."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from pigeon.conf import conf
from pigeon.models.alert import Alert, Kind
from pigeon.queue import state_alias
from pigeon.text import storable

#: Of items that fail together, so many are named.
NAMED = 5


def are_wanted() -> bool:
    """Whether anybody gets alerts."""
    return bool(conf.ALERT_EMAILS)


def note_failed(destination: str, number: int, first: Sequence[str]) -> None:
    """``number`` items failed at ``destination``; ``first`` says of some what and why."""
    with transaction.atomic(using=state_alias()):
        alert = locked(destination, Kind.FAILED)
        said = alert.told if alert.pending else []
        alert.told = [*said, *map(storable, first)][:NAMED]
        alert.pending += number
        alert.save(update_fields=["told", "pending"])


def note_opened(destination: str, reason: str) -> None:
    """Nothing goes to ``destination`` any more, because of ``reason``."""
    with transaction.atomic(using=state_alias()):
        closed = locked(destination, Kind.CLOSED)
        opened = locked(destination, Kind.OPENED)
        closed.pending, closed.told = 0, []
        opened.pending, opened.told = 1, [storable(reason)]
        closed.save(update_fields=["pending", "told"])
        opened.save(update_fields=["pending", "told"])


def note_closed(destination: str) -> None:
    """``destination`` is well again; told only to those who know that it was not."""
    with transaction.atomic(using=state_alias()):
        closed = locked(destination, Kind.CLOSED)
        opened = locked(destination, Kind.OPENED)
        closed.pending = int(bool(opened.told) and not opened.pending)
        closed.told = ["What waited for it is being sent."] if closed.pending else []
        opened.pending, opened.told = 0, []
        closed.save(update_fields=["pending", "told"])
        opened.save(update_fields=["pending", "told"])


def locked(destination: str, kind: Kind) -> Alert:
    """The row, made if need be; all workers lock the kinds in the same order."""
    alerts = Alert.objects.using(state_alias())
    alert = alerts.get_or_create(destination=destination, kind=kind)[0]
    return alerts.select_for_update().get(pk=alert.pk)
