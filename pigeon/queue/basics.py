"""What all of the queue stands on: its clock, its databases, and adding to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from django.conf import settings
from django.db import connections
from django.utils import timezone

from pigeon.conf import conf
from pigeon.models.item import ItemToPush
from pigeon.queue.insert import insert

#: PostgreSQL's CURRENT_TIMESTAMP stands still within a transaction, such as a ``TestCase``'s.
_NOW = {"postgresql": "SELECT clock_timestamp()"}


def state_alias() -> str:
    """Alias of the database that holds destinations' states and holds."""
    return conf.DATABASES[0]


def clock(using: str) -> datetime:
    """The database's own time, so that workers' clocks need not agree.

    SQLite is on this machine, and so is the only clock there is.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_NOW.get(connection.vendor, "SELECT CURRENT_TIMESTAMP(6)"))
        value: datetime = cursor.fetchone()[0]
    return _as_django_does(value, connection.timezone)


def _as_django_does(moment: datetime, zone: tzinfo | None) -> datetime:
    """``moment`` aware with ``USE_TZ``, else naive in ``TIME_ZONE``, as fields have it."""
    if not settings.USE_TZ:
        return timezone.make_naive(moment) if moment.tzinfo else moment
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def add(items: Sequence[ItemToPush], using: str) -> None:
    """Insert ``items`` in the present transaction; nothing is locked or updated."""
    for item in items:
        item.order_key = item.order_key or item.make_order_key()
    insert(items, using)


def by_token(items: Iterable[ItemToPush]) -> dict[str, list[int]]:
    """Lease token → ids of the items claimed with it."""
    tokens: dict[str, list[int]] = {}
    for item in items:
        tokens.setdefault(item.lease_token, []).append(item.id)
    return tokens
