"""What came of attempts over time, as a chart and as the table that says the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from pigeon import overview
from pigeon.dashboard.words import NOTHING, number, percent
from pigeon.overview import Range, Series
from pigeon.text import size

#: How the points of a range are named, as for :meth:`datetime.datetime.strftime`.
_FORMATS = {
    Range.HOUR: "%H:%M",
    Range.DAY: "%a %H:%M",
    Range.WEEK: "%a %d %b %H:%M",
    Range.MONTH: "%a %d %b",
}


@dataclass(frozen=True)
class Point:
    """One line of the table, in words."""

    time: str
    pushed: str
    failed: str
    rate: str
    sent: str
    seconds: str


@dataclass(frozen=True)
class Chart:
    """A chart in a page.

    Attributes:
        url: of its data, in JSON.
        range: the stretch of time that it shows.
        choices: all there are.
        points: the same as a table, the latest first.
    """

    url: str
    range: Range
    choices: list[Range]
    points: list[Point]


def chosen_range(request: HttpRequest) -> Range:
    """The ``range`` that a request asks for; a day where it asks for none that there is."""
    asked = request.GET.get("range", "")
    return Range(asked) if asked in Range.values else Range.DAY


def chart(request: HttpRequest, *, destination: str = "", rule: str = "") -> Chart:
    """The chart of one destination, one rule, or all."""
    span = chosen_range(request)
    about = {"range": span.value, "destination": destination, "rule": rule}
    query = urlencode({name: value for name, value in about.items() if value})
    found = overview.series(span, destination=destination, rule=rule)
    return Chart(
        f"{reverse('pigeon:series')}?{query}", span, list(Range), list(points(found, span))
    )


def points(found: Series, span: Range) -> Iterator[Point]:
    """``found`` in words, the latest first."""
    rows = zip(found.times, found.pushed, found.failed, found.bytes, found.seconds, strict=True)
    for moment, pushed, failed, sent, seconds in reversed(list(rows)):
        attempts = pushed + failed
        yield Point(
            time=timezone.localtime(moment).strftime(_FORMATS[span]),
            pushed=number(pushed),
            failed=number(failed),
            rate=percent(pushed / attempts if attempts else None),
            sent=size(sent),
            seconds=f"{seconds:.2f} s" if attempts else NOTHING,
        )
