"""The JSON behind the pages: figures that replace themselves, and charts."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pigeon import overview
from pigeon.condition import moment
from pigeon.dashboard.access import viewer_data
from pigeon.dashboard.charts import chosen_range, points
from pigeon.dashboard.figures import destination_row, rule_row, totals_cells
from pigeon.dashboard.verdict import verdict
from pigeon.queue.shared import one_look
from pigeon.text import storable


@viewer_data
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """All words that pages replace; a page takes those that it shows."""
    with one_look():
        destinations, rules, answer = overview.destinations(), overview.rules(), verdict()
    rows = {f"destination:{view.name}": destination_row(view).live for view in destinations}
    rows |= {f"rule:{view.name}": rule_row(view).live for view in rules}
    rows["totals"] = {"cells": totals_cells(overview.totals(destinations))}
    seen = moment(timezone.now())
    return JsonResponse({"moment": seen, "verdict": asdict(answer), "rows": rows})


@viewer_data
@require_safe
def series(request: HttpRequest) -> JsonResponse:
    """What came of attempts over time: numbers to draw, and the rows of the table.

    Query: ``range`` (hour, day, week, month), ``destination`` and ``rule``, all optional.
    """
    span = chosen_range(request)
    destination, rule = (storable(request.GET.get(name, "")) for name in ("destination", "rule"))
    found = overview.series(span, destination=destination, rule=rule)
    return JsonResponse(
        {
            "zone": str(timezone.get_current_timezone()),
            "step": found.step,
            "times": [each.timestamp() for each in found.times],
            "pushed": found.pushed,
            "failed": found.failed,
            "points": [asdict(point) for point in points(found, span)],
        }
    )
