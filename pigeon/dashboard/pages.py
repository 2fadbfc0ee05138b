"""A page of the dashboard: a template with what :file:`pigeon/base.html` needs besides."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from pigeon.dashboard.permissions import may


def page(
    request: HttpRequest,
    template: str,
    *,
    title: str,
    section: str = "",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """``template`` rendered for the user of ``request``.

    Args:
        request: whose user may see the page (see :mod:`pigeon.dashboard.access`).
        template: its name, such as ``"pigeon/home.html"``.
        title: the page's name, for the browser and its history.
        section: the entry of the navigation that it belongs to: ``"home"``, ``"items"``,
            ``"delivered"``, or none.
        status: of the answer.
        context: for the template, which also gets ``may``: what the user may do.
    """
    frame = {
        "title": title,
        "section": section,
        "may": may(request.user),
        # A site may have left out the context processors that give these.
        "user": request.user,
        "messages": get_messages(request),
        "logout_url": logout_url(),
    }
    return render(request, template, {**frame, **context}, status=status)


def logout_url() -> str:
    """Where the admin logs people out; empty: there is no admin."""
    try:
        return reverse("admin:logout")
    except NoReverseMatch:
        return ""
