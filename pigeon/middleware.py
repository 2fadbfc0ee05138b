"""Tells who is at work during a request, so that items say who saved their object."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from pigeon.actor import acting_as

Answer = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def ActorMiddleware(
    get_response: Answer,
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Name the request's user as the actor; put it after ``AuthenticationMiddleware``.

    The user is looked up only if something is queued: most requests save nothing.
    """
    if iscoroutinefunction(get_response):

        async def answer_soon(request: HttpRequest) -> HttpResponseBase:
            with acting_as(lambda: _user_name(request)):
                return await get_response(request)  # type: ignore[no-any-return]

        return answer_soon

    def answer(request: HttpRequest) -> HttpResponseBase:
        with acting_as(lambda: _user_name(request)):
            return get_response(request)  # type: ignore[no-any-return]

    return answer


def _user_name(request: HttpRequest) -> str:
    """The name by which the user logs in; empty for strangers and without authentication."""
    user = getattr(request, "user", None)
    return "" if user is None else str(user.get_username())
