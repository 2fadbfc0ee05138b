"""What is looked for among items, and what is found: a page of them at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.publication import Publication
from pigeon.overview.subjects import Subject

#: Years that can be asked for.
YEARS = range(1970, 9000)
#: Digits of a row's id; no database has more rows than that.
MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; what is empty does not matter.

    Attributes:
        text: ``"#12"`` (an item), ``"story 42"`` or ``"42"`` (an object), a file's name, or a
            part of a title; between double quotes it is always a part of a title.
        destination: name of a destination.
        rule: name of a rule.
        statuses: numbers of :class:`pigeon.models.status.Status`.
        since: items of which an attempt began then or later.
        until: and before then.
        object: model and key, such as ``"news.Story:42"``.
    """

    text: str = ""
    destination: str = ""
    rule: str = ""
    statuses: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    object: str = ""

    def narrow(self, items: ItemQuerySet) -> ItemQuerySet:
        """Those of ``items`` that have the destination, the rule and one of the statuses."""
        if self.destination:
            items = items.filter(destination=self.destination)
        if self.rule:
            items = items.filter(rule_name=self.rule)
        if self.statuses:
            items = items.filter(status__in=self.statuses)
        return items


class Cursor(NamedTuple):
    """Where a page ended: the next one begins with what is older than ``moment`` and ``id``."""

    moment: datetime
    id: int

    def as_text(self) -> str:
        """For an address."""
        return f"{self.moment.isoformat()}~{self.id}"

    @classmethod
    def from_text(cls, text: str) -> Cursor | None:
        """What :meth:`as_text` gave; ``None`` for anything else."""
        moment, _, number = text.partition("~")
        try:
            date = parse_datetime(moment)
        except ValueError:
            return None
        is_number = number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS
        if date is None or not is_number or timezone.is_aware(date) != _aware():
            return None
        if date.year not in YEARS:  # at its ends the calendar has no other time zones
            return None
        return cls(date, int(number))


def _aware() -> bool:
    return timezone.is_aware(timezone.now())


@dataclass(slots=True)
class Page:
    """Some items, the newest first.

    Attributes:
        items: what was found.
        next: where to go on; ``None``: there is no more.
        searched_back_to: how far back was looked; ``None``: as far as the page's last item, or
            to the end.
        subjects: the objects that the text means.
        files: what destinations hold under the file name that the text is.
    """

    items: list[ItemToPush] = field(default_factory=list)
    next: Cursor | None = None
    searched_back_to: datetime | None = None
    subjects: tuple[Subject, ...] = ()
    files: tuple[Publication, ...] = ()
