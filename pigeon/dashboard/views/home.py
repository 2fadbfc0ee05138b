"""The first page: is everything all right?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pigeon.dashboard.access import viewer
from pigeon.dashboard.pages import page


@viewer
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The verdict, then all destinations and rules."""
    return page(request, "pigeon/home.html", title="Overview", section="home")
