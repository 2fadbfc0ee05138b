"""Pages of long tables: read along an index from where the last page ended, never counted.

What no index answers is looked for in windows of rows, and a request looks at
:data:`LOOKED_AT` of them at most. A page may then be short, or empty, and still have a next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from rest_framework import serializers

from pigeon.api.fields import Text
from pigeon.api.parameters import QueueParameters
from pigeon.exceptions import PigeonError

#: Rows that one query fetches where they must be looked through.
WINDOW = 1000
#: Rows that one request looks at.
LOOKED_AT = 10_000
MAX_PAGE, PAGE = 200, 50

Row = TypeVar("Row", bound=Model)
#: Microseconds, key, part: so many digits that each is a date and a key that databases take.
_CURSOR = r"[0-9]{1,17}\.[0-9]{1,18}\.[0-9]{1,6}"
_NO_CURSOR = (
    "This is no cursor. Take the address that a page has as its next; the first page needs none."
)
_START = datetime(1970, 1, 1, tzinfo=UTC)


class TooMany(PigeonError):
    """There are more rows than one request sorts."""


@dataclass(frozen=True, order=True)
class Position:
    """Where a page ended: behind the row ``key``, or behind ``part`` entries of it.

    ``value`` is what the rows are sorted by: for a moment, microseconds since 1970.
    """

    value: int
    key: int
    part: int = 0

    def __str__(self) -> str:
        return f"{self.value}.{self.key}.{self.part}"

    @property
    def moment(self) -> datetime:
        """``value`` as the database has it."""
        aware = _START + timedelta(microseconds=self.value)
        return aware if settings.USE_TZ else timezone.make_naive(aware)


def microseconds(moment: datetime) -> int:
    """Microseconds from 1970 to ``moment``."""
    aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    return max(0, (aware - _START) // timedelta(microseconds=1))


@dataclass(frozen=True)
class Page:
    """Some entries, and where to go on; ``None``: there are no more."""

    entries: list[Any]
    next: Position | None


class PageParameters(QueueParameters):
    """Which page, and how long."""

    page_size = serializers.IntegerField(
        min_value=1, max_value=MAX_PAGE, default=PAGE, help_text="How many results at most."
    )
    cursor = Text(
        required=False,
        validators=[RegexValidator(rf"^{_CURSOR}\Z", _NO_CURSOR)],
        error_messages={"blank": _NO_CURSOR},
        help_text="Where to go on, from the `next` of the page before, with the same other "
        "parameters.",
    )

    def validate_cursor(self, value: str) -> Position:
        """The position that ``value`` stands for."""
        return Position(*map(int, re.findall("[0-9]+", value)))


@dataclass(frozen=True)
class Table(Generic[Row]):
    """Rows that lie along an index by time, and what is wanted of them.

    Attributes:
        lanes: what an index finds, each by time; nothing else may be filtered there. They have
            no row in common.
        moment: name of the field by which the index sorts.
        descending: newest first.
        entries: what of a row is wanted: none, one, or several entries.
        dense: nearly every row is wanted, so that no more are fetched than are needed.
    """

    lanes: Sequence[QuerySet[Row]]
    moment: str
    descending: bool
    entries: Callable[[Row], Sequence[Any]]
    dense: bool

    def page(self, start: Position | None, size: int) -> Page:
        """At most ``size`` entries from ``start`` on."""
        found: list[Any] = []
        looked, window = 0, size + 1 if self.dense else WINDOW
        while True:
            rows = self._window(start, window)
            for row in rows:
                skip = start.part if start and start.key == row.pk else 0
                for part, entry in enumerate(self.entries(row)[skip:], skip):
                    if len(found) == size:
                        return Page(found, self._at(row, part) if part else start)
                    found.append(entry)
                start = self._at(row)
            looked += len(rows)
            if len(rows) < window:
                return Page(found, None)
            if looked >= LOOKED_AT:
                return Page(found, start)

    def page_by(self, value: Callable[[Any], int], start: Position | None, size: int) -> Page:
        """As :meth:`page`, but sorted by ``value`` of the entries.

        Raises:
            TooMany: there are more than :data:`LOOKED_AT` rows to be sorted.
        """
        rows = self._window(None, LOOKED_AT + 1)
        if len(rows) > LOOKED_AT:
            raise TooMany
        found = [
            (Position(value(entry), row.pk, part), entry)
            for row in rows
            for part, entry in enumerate(self.entries(row))
        ]
        found.sort(key=lambda pair: pair[0], reverse=self.descending)
        if start is not None:
            found = [pair for pair in found if _is_behind(pair[0], start, self.descending)]
        more = len(found) > size
        return Page([entry for _, entry in found[:size]], found[size - 1][0] if more else None)

    def _at(self, row: Row, part: int = 0) -> Position:
        return Position(microseconds(getattr(row, self.moment)), row.pk, part)

    def _window(self, start: Position | None, size: int) -> list[Row]:
        """The next rows of all lanes together."""
        parts = [self._behind(lane, start)[:size] for lane in self.lanes]
        features = connections[parts[0].db].features
        if len(parts) > 1 and features.supports_slicing_ordering_in_compound:
            parts = [parts[0].union(*parts[1:], all=True)]
        rows = [row for part in parts for row in part]
        if len(self.lanes) > 1:
            rows.sort(key=lambda row: (getattr(row, self.moment), row.pk), reverse=self.descending)
        return rows[:size]

    def _behind(self, lane: QuerySet[Row], start: Position | None) -> QuerySet[Row]:
        sign, word = ("-", "lt") if self.descending else ("", "gt")
        rows = lane.order_by(f"{sign}{self.moment}", f"{sign}pk")
        if start is None:
            return rows
        # The first condition is one range of the index; the other is only looked at in it.
        key = f"pk__{word}e" if start.part else f"pk__{word}"
        behind = Q(**{f"{self.moment}__{word}": start.moment}) | Q(**{key: start.key})
        return rows.filter(behind, **{f"{self.moment}__{word}e": start.moment})


def _is_behind(position: Position, other: Position, descending: bool) -> bool:
    return position < other if descending else position > other
