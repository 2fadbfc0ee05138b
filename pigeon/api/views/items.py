"""Items: what waits, what arrived, what did not, and why."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api import keys
from pigeon.api.answers import answer_page, page_of
from pigeon.api.described import operation
from pigeon.api.fields import Choice, Moment, ObjectName, Text
from pigeon.api.items import ItemAnswer, ItemStoryAnswer
from pigeon.api.oldest import oldest_first
from pigeon.api.pages import Page, PageParameters, Position, microseconds
from pigeon.api.parameters import QueueParameters, queue_of
from pigeon.api.view import View
from pigeon.models.item import ItemToPush
from pigeon.models.status import Status
from pigeon.overview.search import Cursor, Query, find


class ItemParameters(PageParameters):
    """Which items."""

    text = Text(
        required=False,
        max_length=255,
        help_text="#12 (an item), 42 (an object's key), a file's name, or a part of a title.",
    )
    object = ObjectName(required=False)
    destination = Text(required=False, max_length=200)
    rule = Text(required=False, max_length=100)
    status = serializers.ListField(child=Choice(Status.names), required=False)
    since = Moment(required=False, help_text="Items of which an attempt began then or later.")
    until = Moment(required=False, help_text="Items of which an attempt began before then.")

    ordering = Choice(
        ["created", "-created"],
        default="-created",
        help_text="created: those that were queued first; not with text, since or until.",
    )


class Items(View):
    """The list of items."""

    @operation("items_list", page_of(ItemAnswer), parameters=ItemParameters)
    def get(self, request: Request) -> Response:
        """Items that fit all that is said, those that were queued last first."""
        asked = self.parameters(ItemParameters)
        if asked["ordering"] == "created":
            table = oldest_first(asked, statuses_of(asked))
            page = table.page(asked.get("cursor"), asked["page_size"])
        else:
            page = _newest_first(asked)
        return answer_page(request, page, ItemAnswer)


class Item(View):
    """One item."""

    @operation("item", ItemStoryAnswer, parameters=QueueParameters, refusals=(404,),
               path=(keys.NUMBER,))  # fmt: skip
    def get(self, request: Request, pk: str) -> Response:
        """An item with its newest 50 attempts and their transcripts."""
        using = queue_of(self.parameters(QueueParameters))
        return Response(ItemStoryAnswer(find_item(keys.number(pk), using)).data)


def find_item(pk: int, using: str) -> ItemToPush:
    """The item. Raises ``NotFound`` if there is none."""
    item = ItemToPush.objects.using(using).defer("snapshot").filter(pk=pk).first()
    if item is None:
        raise NotFound(
            f"There is no item {pk} in the queue {using!r}. Finished items are cleaned away "
            "after a while."
        )
    return item


def _newest_first(asked: dict[str, Any]) -> Page:
    start: Position | None = asked.get("cursor")
    found = find(
        query_of(asked),
        using=queue_of(asked),
        before=Cursor(start.moment, start.key) if start else None,
        limit=asked["page_size"],
    )
    after = Position(microseconds(found.next.moment), found.next.id) if found.next else None
    return Page(found.items, after)


def query_of(asked: dict[str, Any]) -> Query:
    """What is looked for."""
    return Query(
        text=asked.get("text", ""),
        object=asked.get("object", ""),
        destination=asked.get("destination", ""),
        rule=asked.get("rule", ""),
        statuses=statuses_of(asked),
        since=asked.get("since"),
        until=asked.get("until"),
    )


def statuses_of(asked: dict[str, Any]) -> tuple[int, ...]:
    """The numbers of the statuses that were named."""
    return tuple(Status[name].value for name in asked.get("status", ()))
