"""Doing something to chosen rows, and saying in Django's log who did it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest

from pigeon.exceptions import PigeonError
from pigeon.models.item import ItemToPush
from pigeon.models.operation import Door
from pigeon.operations import By, Done, Selection
from pigeon.queue.survey import COUNTED
from pigeon.text import counted

#: What an item's name consists of.
_NAMED = ("rule_name", "title", "object_id", "destination")


def by(request: HttpRequest) -> By:
    """Whose deed a request of the admin is."""
    return By(request.user.get_username(), Door.ADMIN)


def steer(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    chosen: QuerySet[ItemToPush],
    words: str,
    deed: Callable[[Selection, By, str], Done],
) -> None:
    """Do ``deed`` to the chosen items, at most :data:`COUNTED`; tell the user, and the log.

    Args:
        admin: where it was asked.
        request: who asks.
        chosen: items of one queue.
        words: what is done to them, such as ``"cancelled"``.
        deed: gets the selection, who asks, and the queue's alias.
    """
    items = list(chosen.only(*_NAMED)[:COUNTED])
    try:
        done = deed(Selection(ids=[item.pk for item in items]), by(request), chosen.db)
    except PigeonError as error:
        admin.message_user(request, str(error), messages.ERROR)
        return
    told = f"{counted(done.number, 'item')} {words}."
    if done.refused:
        told += f" {counted(done.refused, 'item')} left as before: {done.why}."
    if done.number:
        log(request, items, f"Asked for: {words}, with {len(items)} chosen. {told}")
    level = messages.WARNING if done.refused else messages.SUCCESS
    admin.message_user(request, told, level)


def log(request: HttpRequest, rows: Sequence[Any], words: str) -> None:
    """One entry for each of ``rows`` in Django's log of the admin."""
    user, entries = cast("int", request.user.pk), cast("Any", rows)  # a list will do
    LogEntry.objects.log_actions(user, entries, CHANGE, words)
