"""Who may see a page, and who may press its buttons: decorators of views.

A stranger is sent to log in; whoever may not see a page is told which permission is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from django.conf import global_settings, settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from pigeon.dashboard.pages import page
from pigeon.dashboard.permissions import missing
from pigeon.permissions import OPEN, PAUSE, SEE, STEER

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Guard(Protocol):
    """A decorator that leaves the view's type as it is."""

    def __call__(self, view: View, /) -> View:
        """The guarded ``view``."""


def needs(*permissions: str, data: bool = False) -> Guard:
    """Decorator of a view that staff with all of ``permissions`` may use; it is never cached.

    A forged POST is refused on sites without the middleware for it, too, as in Django's admin.

    Args:
        permissions: names such as ``"pigeon.view_itemtopush"``.
        data: the view answers a program: it is refused in JSON with 401 or 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            lacking = missing(request.user, *permissions)
            if lacking:
                return (refuse_data if data else refuse)(request, lacking)
            try:
                return view(request, *args, **kwargs)
            except Http404 as error:
                return missed(request, str(error))

        return cast("View", csrf_protect(never_cache(guarded)))

    return decorate


#: Of pages that show something.
viewer = needs(SEE)
#: Of the JSON behind them.
viewer_data = needs(SEE, data=True)
#: Of what changes items: send again, cancel, reset, priority.
operator = needs(SEE, STEER)
#: Of what pauses and resumes destinations.
pauser = needs(SEE, PAUSE)
#: Of what shows or gives out the contents of parcels.
opener = needs(SEE, OPEN)


def refuse(request: HttpRequest, lacking: str) -> HttpResponseBase:
    """To the login for a stranger; for others the page that says what they lack."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), login_url())
    title = "You may not see this"
    return page(request, "pigeon/refused.html", title=title, status=403, lacking=lacking)


def missed(request: HttpRequest, words: str) -> HttpResponseBase:
    """The page that says in ``words`` what is not there, within the frame of the others."""
    return page(request, "pigeon/missing.html", title="Not found", status=404, words=words)


def refuse_data(request: HttpRequest, lacking: str) -> JsonResponse:
    """The same for a program."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "Nobody is logged in."}, status=401)
    return JsonResponse({"error": f"You need {lacking}."}, status=403)


def login_url() -> str:
    """The site's ``LOGIN_URL`` if it sets one, else the admin's login if there is an admin."""
    if settings.LOGIN_URL == global_settings.LOGIN_URL:
        try:
            return reverse("admin:login")
        except NoReverseMatch:
            pass
    return resolve_url(settings.LOGIN_URL)
