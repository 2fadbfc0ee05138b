"""A partner's page: everything a destination got in a time, also as CSV."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from pigeon.conf import conf
from pigeon.dashboard.access import viewer
from pigeon.dashboard.pages import page
from pigeon.dashboard.search_form import destination_names
from pigeon.dashboard.streams import download
from pigeon.dashboard.time_form import MomentField, TimeForm
from pigeon.overview.delivered import DeliveredPage, as_csv, delivered, delivered_page
from pigeon.overview.query import Cursor

#: Words → how many days ago the time begins, and ends.
_SPANS = {
    "Today": (0, -1),
    "Yesterday": (1, 0),
    "Last 7 days": (6, -1),
    "Last 30 days": (29, -1),
}


class DeliveredForm(TimeForm):
    """Which destination, and which time; yesterday unless it is said."""

    destination = forms.CharField(max_length=200)
    since = MomentField(label="From")
    until = MomentField(label="Before")

    @property
    def asked(self) -> dict[str, Any]:
        """Destination, time and queue of a valid form, as :func:`delivered` takes them."""
        names = ("destination", "since", "until")
        return {**{name: self.cleaned_data[name] for name in names}, "using": self.using_alias}


@viewer
@require_safe
def delivered_table(request: HttpRequest) -> HttpResponseBase:
    """The table, or with ``format=csv`` all of it as CSV."""
    data = {name: request.GET[name] for name in ("destination", "using") if name in request.GET}
    yesterday = _days(1, 0)
    data |= {name: request.GET.get(name) or yesterday[name] for name in yesterday}
    form = DeliveredForm(data)
    is_asked = "destination" in data and form.is_valid()
    if is_asked and request.GET.get("format") == "csv":
        return _csv(request, form.asked)
    found = DeliveredPage([], None)
    if is_asked:
        after = Cursor.from_text(request.GET.get("after", ""))
        found = delivered_page(**form.asked, after=after)
    return _page(request, form, found, is_asked, data)


def _page(
    request: HttpRequest,
    form: DeliveredForm,
    found: DeliveredPage,
    is_asked: bool,
    data: dict[str, str],
) -> HttpResponse:
    asked = form.asked if is_asked else {}
    since = asked.get("since")
    return page(
        request,
        "pigeon/delivered.html",
        title=f"Delivered to {data['destination']}" if is_asked else "Delivered",
        section="delivered",
        form=form,
        asked=asked,
        has_problem="destination" in data and not is_asked,
        rows=found.rows,
        destinations=destination_names(data.get("destination", "")[:200]),
        spans=_spans(data),
        next=_address(data, after=found.next.as_text()) if found.next else "",
        csv=_address(data, format="csv"),
        is_cleaned=bool(since and since < timezone.now() - timedelta(seconds=conf.MAX_AGE)),
        days=conf.MAX_AGE // 86400,
    )


def _csv(request: HttpRequest, asked: dict[str, Any]) -> StreamingHttpResponse:
    name = re.sub(r"[^\w.-]+", "_", asked["destination"], flags=re.ASCII)[:80]
    stem = f"{name}-{asked['since']:%Y%m%d-%H%M}-{asked['until']:%Y%m%d-%H%M}"
    lines = (line.encode() for line in as_csv(delivered(**asked)))
    return download(request, lines, name=f"{stem}.csv", content_type="text/csv; charset=utf-8")


def _address(data: dict[str, str], **more: str) -> str:
    return f"?{urlencode({**data, **more})}"


def _spans(data: dict[str, str]) -> list[tuple[str, str]]:
    """Words and addresses of the times that people ask for most."""
    return [(words, _address({**data, **_days(*span)})) for words, span in _SPANS.items()]


def _days(since: int, until: int) -> dict[str, str]:
    """The beginnings of the days so many days ago, in the site's time zone."""
    today = timezone.localdate() if settings.USE_TZ else datetime.now().date()
    starts = {"since": today - timedelta(since), "until": today - timedelta(until)}
    return {
        name: datetime.combine(day, time()).strftime("%Y-%m-%dT%H:%M:%S")
        for name, day in starts.items()
    }
