"""A destination's page: how it fares, and the buttons that pause and resume it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pigeon import overview
from pigeon.dashboard.access import viewer
from pigeon.dashboard.charts import chart
from pigeon.dashboard.figures import destination_row
from pigeon.dashboard.pages import page
from pigeon.exceptions import NotRegistered
from pigeon.overview import DestinationView


@viewer
@require_safe
def destination(request: HttpRequest, name: str) -> HttpResponse:
    """One destination."""
    view = found(name)
    return page(
        request,
        "pigeon/destination.html",
        title=name,
        section="home",
        view=view,
        row=destination_row(view),
        chart=chart(request, destination=name),
    )


def found(name: str) -> DestinationView:
    """The destination of that name.

    Raises:
        Http404: there is none, and no item waits for one.
    """
    try:
        return overview.destination(name)
    except NotRegistered as error:
        raise Http404(str(error)) from None
