"""The buttons that pause and resume a destination."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from pigeon import operations
from pigeon.dashboard.access import pauser
from pigeon.dashboard.views.destinations import found
from pigeon.exceptions import PigeonError
from pigeon.health.view import latest
from pigeon.models.operation import Door
from pigeon.operations import By
from pigeon.text import storable

#: Characters of a reason that are kept.
LONGEST_REASON = 500


@pauser
@require_POST
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Nothing goes to the destination until it is resumed; ``reason`` is shown until then."""
    found(name)
    reason = storable(request.POST.get("reason", "").strip()[:LONGEST_REASON])
    try:
        number = operations.pause([name], by(request), reason)
    except PigeonError as error:
        messages.error(request, str(error))
    else:
        latest.forget()
        said = f"{name} is paused." if number else f"{name} was paused already."
        messages.success(request, said)
    return redirect("pigeon:destination", name=name)


@pauser
@require_POST
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """A paused destination goes on; one that fails or is stopped is tried now."""
    found(name)
    try:
        operations.resume([name], by(request))
    except PigeonError as error:
        messages.error(request, str(error))
    else:
        latest.forget()
        messages.success(request, f"{name} is tried with the next push.")
    return redirect("pigeon:destination", name=name)


def by(request: HttpRequest) -> By:
    """Whose deed a request of the dashboard is."""
    return By(request.user.get_username(), Door.DASHBOARD)
