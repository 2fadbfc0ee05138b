"""The first page: is everything all right?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pigeon import overview
from pigeon.dashboard.access import viewer
from pigeon.dashboard.charts import chart
from pigeon.dashboard.figures import destination_row, rule_row, totals_cells
from pigeon.dashboard.pages import page
from pigeon.dashboard.verdict import verdict
from pigeon.overview import Health
from pigeon.queue.shared import one_look

#: What has to be looked at comes first.
URGENT = [
    Health.STOPPED,
    Health.FAILING,
    Health.GONE,
    Health.PAUSED,
    Health.RESTING,
    Health.WELL,
]


@viewer
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The verdict, then all destinations and rules."""
    with one_look():
        views, rules, answer = overview.destinations(), overview.rules(), verdict()
    destinations = sorted(views, key=lambda view: URGENT.index(view.health))
    return page(
        request,
        "pigeon/home.html",
        title="Overview",
        section="home",
        verdict=answer,
        totals=totals_cells(overview.totals(destinations)),
        chart=chart(request),
        destinations=[destination_row(view) for view in destinations],
        rules=[rule_row(view) for view in rules],
    )
