"""A rule's page: what it pushes, to whom, and how that fares."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pigeon import overview
from pigeon.dashboard.access import viewer
from pigeon.dashboard.charts import chart
from pigeon.dashboard.figures import rule_row
from pigeon.dashboard.pages import page
from pigeon.exceptions import NotRegistered


@viewer
@require_safe
def rule(request: HttpRequest, name: str) -> HttpResponse:
    """One rule."""
    try:
        view = overview.rule(name)
    except NotRegistered as error:
        raise Http404(str(error)) from None
    return page(
        request,
        "pigeon/rule.html",
        title=name,
        section="home",
        view=view,
        row=rule_row(view),
        chart=chart(request, rule=name),
    )
