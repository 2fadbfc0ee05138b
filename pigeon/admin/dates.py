"""A hierarchy of dates that asks no table which dates there are.

Django's own one reads the first, the last and every date of what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from pigeon.admin.filters import is_one_range
from pigeon.models.status import FIRST_ERROR, Status

#: Months and days that are offered before one is chosen.
MONTHS, DAYS = 12, 7
#: Of items, so many of the newest of a time are listed.
LISTED = 1_000
#: Statuses that are asked for together: errors, of which there are few.
_GROUPS = (
    *((each,) for each in Status if each < FIRST_ERROR),
    tuple(each for each in Status if each >= FIRST_ERROR),
)
#: Nothing was queued before; the ends of the calendar have no midnight in some time zones.
_YEARS = range(1970, 9000)
_FORM = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)


class DateFilter(admin.SimpleListFilter):
    """Rows of a year, a month or a day; for a field that leads an index.

    The parameter is ``2027``, ``2027-01`` or ``2027-01-31``, in the site's time zone.
    """

    #: The field.
    field = ""
    parameter_name = "date"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """What leads up from the chosen time, and what it consists of."""
        chosen, today = self.value(), _today()
        if chosen is None:
            names = [*_days_before(today), *_months_before(today)]
        else:
            above = [chosen[:length] for length in (4, 7, 10) if length <= len(chosen)]
            names = [*above, *_parts(chosen, today)]
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of that time; raises what Django takes for a wrong address."""
        value = self.value()
        if value is None:
            return queryset
        first, after = days(value)
        return self.within(request, queryset, _midnight(first), _midnight(after))

    def within(
        self, request: HttpRequest, queryset: QuerySet[Any], start: datetime, end: datetime
    ) -> QuerySet[Any]:
        """Rows from ``start`` (included) to ``end`` (not)."""
        return queryset.filter(**{f"{self.field}__gte": start, f"{self.field}__lt": end})


class ItemDateFilter(DateFilter):
    """Items by the time when they were queued.

    No index begins with that. So unless a filter leads to one, the newest :data:`LISTED` of each
    status are found along that of the status, and of those the newest in all. Whoever searches
    has few items anyway.
    """

    title = "day queued"
    field = "creation_date"

    def within(
        self, request: HttpRequest, queryset: QuerySet[Any], start: datetime, end: datetime
    ) -> QuerySet[Any]:
        """The newest items from ``start`` (included) to ``end`` (not)."""
        found = super().within(request, queryset, start, end)
        if request.GET.get(SEARCH_VAR) or is_one_range(request):
            return found
        newest: list[tuple[datetime, int]] = []
        for statuses in _GROUPS:
            rows = found.filter(status__in=statuses).order_by("-creation_date")
            newest += rows.values_list("creation_date", "pk")[:LISTED]
        return queryset.filter(pk__in=[pk for _, pk in sorted(newest, reverse=True)[:LISTED]])


class StartedFilter(DateFilter):
    """Attempts by the time when they began."""

    title = "day begun"
    field = "started"


class MomentFilter(DateFilter):
    """Operations by their time."""

    title = "day"
    field = "moment"


def days(text: str) -> tuple[date, date]:
    """The first day of the year, month or day that ``text`` names, and the day after its last.

    Raises:
        IncorrectLookupParameters: there is no such time.
    """
    found = _FORM.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else 0 for part in found.groups())
        if year not in _YEARS:
            raise ValueError(text)
        first = date(year, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        last_month = month or 12
        return first, date(year + last_month // 12, last_month % 12 + 1, 1)
    except (ValueError, OverflowError) as error:
        raise IncorrectLookupParameters(error) from error


def _parts(chosen: str, today: date) -> list[str]:
    """The months of a year, or the days of a month, that have begun."""
    if len(chosen) == len("2027-01-31"):
        return []
    first, after = days(chosen)
    length = len(chosen) + len("-01")
    each = (first + timedelta(days=number) for number in range((after - first).days))
    return list(dict.fromkeys(day.isoformat()[:length] for day in each if day <= today))


def _days_before(today: date) -> list[str]:
    return [(today - timedelta(days=number)).isoformat() for number in range(DAYS)]


def _months_before(today: date) -> list[str]:
    months = (today.year * 12 + today.month - 1 - number for number in range(MONTHS))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]


def _today() -> date:
    return timezone.localdate() if settings.USE_TZ else datetime.now().date()


def _midnight(day: date) -> datetime:
    """The beginning of ``day``, as fields have times."""
    moment = datetime(day.year, day.month, day.day)
    return timezone.make_aware(moment) if settings.USE_TZ else moment
