"""Attempts: what was tried, when, and what came of it."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api import keys
from pigeon.api.answers import answer_page, page_of
from pigeon.api.attempts import AttemptAnswer, AttemptStoryAnswer
from pigeon.api.described import operation
from pigeon.api.fields import Choice, Key, Moment, Text
from pigeon.api.pages import PageParameters, Table
from pigeon.api.parameters import QueueParameters, queue_of
from pigeon.api.ranges import between
from pigeon.api.view import View
from pigeon.models.attempt import Outcome, PushAttempt


class AttemptParameters(PageParameters):
    """Which attempts, and in which order."""

    item = Key(required=False, help_text="Id of the item.")
    destination = Text(required=False, max_length=200)
    rule = Text(required=False, max_length=100)
    outcome = Choice(Outcome.values, required=False)
    started__gte = Moment(required=False)
    started__lte = Moment(required=False)
    ordering = Choice(["started", "-started"], default="-started")


class Attempts(View):
    """The list of attempts."""

    @operation("attempts_list", page_of(AttemptAnswer), parameters=AttemptParameters)
    def get(self, request: Request) -> Response:
        """Attempts, newest first. Quick by item, destination and time."""
        asked = self.parameters(AttemptParameters)
        page = attempts_table(asked).page(asked.get("cursor"), asked["page_size"])
        return answer_page(request, page, AttemptAnswer)


class Attempt(View):
    """One attempt."""

    @operation("attempt", AttemptStoryAnswer, parameters=QueueParameters, refusals=(404,),
               path=(keys.NUMBER,))  # fmt: skip
    def get(self, request: Request, pk: str) -> Response:
        """One attempt with its transcript, from which secrets were removed."""
        using = queue_of(self.parameters(QueueParameters))
        attempt = PushAttempt.objects.using(using).filter(pk=keys.number(pk)).first()
        if attempt is None:
            raise NotFound(
                f"There is no attempt {pk} in the queue {using!r}. Attempts are cleaned away "
                "with their items."
            )
        return Response(AttemptStoryAnswer(attempt).data)


def attempts_table(asked: dict[str, Any]) -> Table[PushAttempt]:
    """The attempts that were asked for; item, destination and time are found by an index."""
    rows = PushAttempt.objects.using(queue_of(asked)).defer("transcript")
    rows = rows.filter(**between(asked, "started", "started"))
    named = {"destination": "destination", "item": "item_id"}
    indexed = next((name for name in ("item", "destination") if name in asked), None)
    if indexed:
        rows = rows.filter(**{named[indexed]: asked[indexed]})
    fields = {"destination": "destination", "rule": "rule_name", "outcome": "outcome"}
    wanted = {fields[name]: asked[name] for name in fields if name in asked and name != indexed}

    def entries(attempt: PushAttempt) -> list[PushAttempt]:
        same = all(getattr(attempt, name) == value for name, value in wanted.items())
        return [attempt] if same else []

    return Table([rows], "started", asked["ordering"].startswith("-"), entries, dense=not wanted)
