"""What a claim may look at: the two index ranges of items whose turn it is."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, DateTimeField, F, Func, Q, Value
from django.db.models.sql.compiler import SQLCompiler

from pigeon.models.among import Among
from pigeon.models.chunks import chunks
from pigeon.models.compiled import Argument, Arguments, CompiledQuery, Moment
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import Status
from pigeon.queue.coalesce import Waiting


def fresh(items: ItemQuerySet, now: Moment) -> ItemQuerySet:
    """New items that nothing holds up, in the order of the first index.

    A mass push is also held up by an earlier one that waits for another attempt. Were it not
    left out here, many of them would fill the batch for nothing.
    """
    free = items.new().filter(_FREE).filter(~Q(model_label="") | Q(_first(now)))
    return free.order_by("-priority", "id")


def due(items: ItemQuerySet, now: Moment | None) -> ItemQuerySet:
    """Items to try again by ``now`` (``None``: all), in the order of the second index."""
    again = items.retry().filter(_FREE).order_by("next_attempt_date")
    return again if now is None else again.filter(next_attempt_date__lte=now)


def next_keys(
    destination: str, limit: int, now: datetime, using: str, rules: Collection[str] = ()
) -> list[str]:
    """Order keys of the next ``limit`` items: of each range its share of the batch.

    Of an odd batch the one left over goes to either, so that a batch of one starves neither.

    Args:
        destination: whose items.
        limit: at most this many.
        now: the time to judge by.
        using: alias of the database.
        rules: only items of these rules; empty: of all.
    """
    if not limit:
        return []
    values = {"destination": destination, "now": now, "rules": list(rules)}
    again = _DUE.column(using, limit, bool(rules), **values)
    new = _FRESH.column(using, limit, bool(rules), **values)
    half = (limit + random.getrandbits(1)) // 2
    again = again[: max(half, limit - len(new))]
    return list(dict.fromkeys(again + new[: limit - len(again)]))


def waiting_rows(using: str, keys: Sequence[str]) -> Iterator[Waiting]:
    """All waiting items with ``keys``."""
    for chunk in chunks(keys):
        yield from map(Waiting._make, _WAITING.rows(using, keys=chunk))


class _NoOther(Func):
    """That no other item with the same order key is in the way; see :func:`_no_other`."""

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """The condition, with the expressions in the places that ``template`` has for them."""
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        sql = str(self.extra["template"]).format(*(sql for sql, _ in parts))
        return sql, tuple(value for _, params in parts for value in params)


def _no_other(condition: str, *expressions: Any) -> _NoOther:
    """No row ``other`` with the order key fulfils ``condition``, which names ``expressions``.

    Every claim asks for it several times, and in Django's words each takes it a millisecond.
    """
    template = (
        f"NOT EXISTS (SELECT 1 FROM {ItemToPush._meta.db_table} other "
        f"WHERE other.order_key = {{}} AND {condition})"
    )
    key = F("order_key")
    return _NoOther(key, *expressions, template=template, output_field=BooleanField())


#: Nothing with the order key is in progress.
_FREE = _no_other(f"other.status = {Status.IN_PROGRESS:d}")


def _first(now: Moment) -> _NoOther:
    """No older item with the order key waits for another attempt."""
    moment = now if isinstance(now, Argument) else Value(now, output_field=DateTimeField())
    return _no_other(
        f"other.status = {Status.RETRY:d} AND other.next_attempt_date > {{}} AND other.id < {{}}",
        moment,
        F("pk"),
    )


_NOW = Argument("now", DateTimeField())


def _scope(items: ItemQuerySet, of_rules: bool) -> ItemQuerySet:
    here = items.filter(destination=Argument("destination"))
    return here.filter(Among("rule_name", Arguments("rules"))) if of_rules else here


_DUE = CompiledQuery(
    ItemToPush,
    lambda items, limit, of_rules: due(_scope(items, of_rules), _NOW).values_list("order_key")[
        :limit
    ],
)
_FRESH = CompiledQuery(
    ItemToPush,
    lambda items, limit, of_rules: fresh(_scope(items, of_rules), _NOW).values_list("order_key")[
        :limit
    ],
)
_WAITING = CompiledQuery(
    ItemToPush,
    lambda items: (
        items.waiting().filter(Among("order_key", Arguments("keys"))).values_list(*Waiting._fields)
    ),
)
