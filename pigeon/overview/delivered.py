"""Everything that a destination got in a time, to answer "did you send it?"."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from pigeon.condition import moment as words_of
from pigeon.models.attempt import PushAttempt
from pigeon.overview.query import Cursor

#: Attempts that one statement reads.
BATCH = 500
#: With these a spreadsheet takes a cell for a formula, also after blanks.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
_CONTROLS = ("\t", "\r", "\n")


class Row(NamedTuple):
    """One file at a destination.

    Attributes:
        moment: when the attempt ended that put or removed it.
        item: id of the item.
        rule: its rule.
        object: model and key, such as ``"news.story 42"``; empty for a mass push.
        title: of the object.
        path: of the file in the parcel.
        remote_path: its path, or what it is called, at the partner.
        size: bytes.
        sha256: digest of what was sent.
        published: how it got there; ``"removed"``: it was taken away.
    """

    moment: datetime
    item: int
    rule: str
    object: str
    title: str
    path: str
    remote_path: str
    size: int
    sha256: str
    published: str


class DeliveredPage(NamedTuple):
    """Some rows, and where to go on; ``None``: there are no more."""

    rows: list[Row]
    next: Cursor | None


def delivered(destination: str, since: datetime, until: datetime, *, using: str) -> Iterator[Row]:
    """What ``destination`` got by attempts that began in the time, the oldest first.

    A file that landed counts, also if the attempt then failed; one that was left alone, because
    the partner has its own of that name, does not.

    Args:
        destination: its name.
        since: this moment is in the time.
        until: this is not.
        using: alias of the queue's database.
    """
    after: Cursor | None = None
    while True:
        batch = list(_attempts(destination, since, until, using, after))
        for attempt in batch:
            yield from _rows(attempt)
        if len(batch) < BATCH:
            return
        after = Cursor(batch[-1].started, batch[-1].pk)


def delivered_page(
    destination: str,
    since: datetime,
    until: datetime,
    *,
    using: str,
    after: Cursor | None = None,
    limit: int = 100,
) -> DeliveredPage:
    """About ``limit`` rows of the same after the page that ended at ``after``."""
    rows: list[Row] = []
    batch = list(_attempts(destination, since, until, using, after))
    for attempt in batch:
        rows += _rows(attempt)
        if len(rows) >= limit:
            return DeliveredPage(rows, _after(attempt, batch))
    return DeliveredPage(rows, _after(batch[-1], batch) if len(batch) == BATCH else None)


def _after(attempt: PushAttempt, batch: list[PushAttempt]) -> Cursor | None:
    is_last = attempt is batch[-1] and len(batch) < BATCH
    return None if is_last else Cursor(attempt.started, attempt.pk)


def _attempts(
    destination: str, since: datetime, until: datetime, using: str, after: Cursor | None
) -> QuerySet[PushAttempt]:
    rows = PushAttempt.objects.using(using).filter(
        destination=destination, started__gte=since, started__lt=until
    )
    if after is not None:
        same = Q(started__gt=after.moment) | Q(pk__gt=after.id)
        rows = rows.filter(same, started__gte=after.moment)
    fields = ("started", "duration", "rule_name", "receipts")
    of_item = ("item__model_label", "item__object_id", "item__title")
    return rows.select_related("item").only(*fields, *of_item).order_by("started", "pk")[:BATCH]


def _rows(attempt: PushAttempt) -> Iterator[Row]:
    item = attempt.item
    named = f"{item.model_label} {item.object_id}" if item.model_label else ""
    for receipt in attempt.receipts:
        if receipt["published"] == "skipped":
            continue
        yield Row(
            moment=attempt.started + timedelta(seconds=attempt.duration),
            item=item.pk,
            rule=attempt.rule_name,
            object=named,
            title=item.title,
            path=receipt["path"],
            remote_path=receipt["remote_path"],
            size=receipt["size"],
            sha256=receipt["sha256"],
            published=receipt["published"],
        )


class _Line:
    """A file for ``csv`` that gives back what it is to write."""

    def write(self, text: str) -> str:
        """``text`` itself."""
        return text


def as_csv(rows: Iterator[Row]) -> Iterator[str]:
    """``rows`` as lines of a CSV file, under a line of headings; safe for spreadsheets."""
    writer = csv.writer(_Line())
    yield writer.writerow(Row._fields)
    for row in rows:
        cells = (words_of(row.moment), *row[1:])
        yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: object) -> object:
    """``cell`` with an apostrophe before what a spreadsheet would run as a formula."""
    if not isinstance(cell, str):
        return cell
    starts = cell.startswith(_CONTROLS) or cell.lstrip().startswith(_FORMULA)
    return f"'{cell}" if starts else cell
