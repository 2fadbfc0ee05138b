"""What people do to items: send them again, or call them off."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api import keys
from pigeon.api.asking import by
from pigeon.api.described import operation
from pigeon.api.fields import BodyKey, Choice, Flag, Moment, ObjectName, Text
from pigeon.api.items import DoneAnswer
from pigeon.api.parameters import Parameters, QueueParameters, queue_of
from pigeon.api.problems import Conflict
from pigeon.api.view import View
from pigeon.api.views.items import find_item, statuses_of
from pigeon.models.status import Status
from pigeon.operations import Done, Selection, cancel, send_again
from pigeon.permissions import STEER

#: Items that a request may name by their ids.
MAX_IDS = 10_000
#: Members of a body of which one must be there, so that nobody means everything by nothing.
SELECTORS = ("ids", "destination", "rule", "object", "status", "since", "until")


class RetryBody(Parameters):
    """How items are sent again."""

    rerender = Flag(default=False, help_text="Render them anew, from the objects as they are now.")
    force = Flag(default=False, help_text="Even over something newer, and even what has expired.")


class SelectionBody(QueueParameters, RetryBody):
    """Which items are sent again: those that fit all that is said; and how."""

    ids = serializers.ListField(child=BodyKey(), required=False, min_length=1, max_length=MAX_IDS)
    destination = Text(required=False, max_length=200)
    rule = Text(required=False, max_length=100)
    object = ObjectName(required=False)
    status = serializers.ListField(child=Choice(Status.names), required=False, min_length=1)
    since = Moment(required=False, help_text="Items of which an attempt began then or later.")
    until = Moment(required=False, help_text="Items of which an attempt began before then.")
    dry_run = Flag(default=False, help_text="Only count.")


class Retry(View):
    """Send one item again."""

    permissions = {"POST": STEER}

    @operation("item_retry", DoneAnswer, parameters=QueueParameters, body=RetryBody,
               refusals=(404, 409), path=(keys.NUMBER,))  # fmt: skip
    def post(self, request: Request, pk: str) -> Response:
        """Send an item again, as it was sent or rendered anew; at once if it waits."""
        using = queue_of(self.parameters(QueueParameters))
        asked = self.body(RetryBody)
        item = find_item(keys.number(pk), using)
        done = send_again(
            Selection(ids=[item.pk]), by(request), using=using,
            rerender=asked["rerender"], force=asked["force"],
        )  # fmt: skip
        return _answer(done, item.pk)


class Cancel(View):
    """Call one item off."""

    permissions = {"POST": STEER}

    @operation(
        "item_cancel",
        DoneAnswer,
        parameters=QueueParameters,
        refusals=(404, 409),
        path=(keys.NUMBER,),
    )
    def post(self, request: Request, pk: str) -> Response:
        """Call off an item that waits."""
        using = queue_of(self.parameters(QueueParameters))
        self.body(Parameters)
        item = find_item(keys.number(pk), using)
        done = cancel(Selection(ids=[item.pk]), by(request), using=using)
        return _answer(done, item.pk)


class RetryMany(View):
    """Send many items again."""

    permissions = {"POST": STEER}

    @operation("items_retry", DoneAnswer, body=SelectionBody)
    def post(self, request: Request) -> Response:
        """Send again all items that fit what is said; without `queue`, of all queues."""
        self.parameters(Parameters)
        asked = self.body(SelectionBody)
        done = send_again(
            selection_of(asked), by(request), using=asked.get("queue"), rerender=asked["rerender"],
            force=asked["force"], dry_run=asked["dry_run"],
        )  # fmt: skip
        return Response(DoneAnswer(done).data)


def selection_of(asked: dict[str, Any]) -> Selection:
    """The items that were named."""
    return Selection(
        ids=asked.get("ids", ()),
        destination=asked.get("destination", ""),
        rule=asked.get("rule", ""),
        object=asked.get("object", ""),
        statuses=statuses_of(asked),
        since=asked.get("since"),
        until=asked.get("until"),
    )


def _answer(done: Done, pk: int) -> Response:
    if not done.number:
        hint = " With 'force' it goes all the same." if done.force_helps else ""
        raise Conflict(f"Item {pk} was left as it is: {', '.join(done.reasons)}.{hint}")
    return Response(DoneAnswer(done).data)
