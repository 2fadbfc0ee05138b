"""The log of files, with the fields, filters and orders of filedispatch's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from pigeon.api import keys
from pigeon.api.answers import answer_page, page_of
from pigeon.api.described import operation
from pigeon.api.fields import MAX_KEY, Choice, Moment, Text
from pigeon.api.logs import FAILED, FIELDS, SUCCEEDED, Entry, entries_of
from pigeon.api.pages import LOOKED_AT, Page, PageParameters, Table, TooMany
from pigeon.api.parameters import QueueParameters, queue_of
from pigeon.api.ranges import between, within
from pigeon.api.view import View
from pigeon.models.attempt import PushAttempt
from pigeon.registry import registry

#: Fields that are compared with what a request says, without an index.
_EXACT = ("status", "extension", "protocol", "filename")


class EntryAnswer(serializers.Serializer[Entry]):
    """One file that was, or was to be, put at a destination."""

    id = serializers.CharField()
    filename = serializers.CharField(help_text="Empty if it failed before there was a file.")
    source = serializers.CharField(  # type: ignore[assignment] # of fields, not of this
        help_text="The object, or the rule of a mass push."
    )
    destination = serializers.CharField()
    extension = serializers.CharField(help_text="In lower case, without the dot.")
    worker = serializers.CharField(help_text="host:process")
    protocol = serializers.CharField(help_text="Empty if the destination is gone.")
    status = Choice([SUCCEEDED, FAILED])
    size = serializers.CharField(help_text="In words.")
    byte_size = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why it failed; without secrets.")
    created = Moment(help_text="When the attempt began.")


class Bytes(serializers.IntegerField):
    """A number of bytes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_KEY, **kwargs)


class LogParameters(PageParameters):
    """Which entries, and in which order."""

    destination = Text(required=False, max_length=200)
    created = Moment(required=False)
    created__gte = Moment(required=False)
    created__lte = Moment(required=False)
    status = Choice([SUCCEEDED, FAILED], required=False)
    extension = Text(required=False, max_length=255)
    protocol = Text(required=False, max_length=50)
    filename = Text(required=False, max_length=255)
    byte_size = Bytes(required=False)
    byte_size__gte = Bytes(required=False)
    byte_size__lte = Bytes(required=False)
    ordering = Choice(
        ["created", "-created", "byte_size", "-byte_size"],
        default="-created",
        help_text="By size only what destination and created leave of at most 10,000 attempts.",
    )

    def validate_extension(self, value: str) -> str:
        """The extension as entries have it: in lower case, without a dot."""
        return value.lower().removeprefix(".")


class Logs(View):
    """The log."""

    @operation("logs_list", page_of(EntryAnswer), parameters=LogParameters)
    def get(self, request: Request) -> Response:
        """Files that arrived or failed, newest first. Quick by destination and time."""
        asked = self.parameters(LogParameters)
        return answer_page(request, _page(asked), EntryAnswer)


class Log(View):
    """One entry of the log."""

    @operation("log", EntryAnswer, parameters=QueueParameters, refusals=(404,),
               path=(keys.ENTRY,))  # fmt: skip
    def get(self, request: Request, pk: str) -> Response:
        """One file of one attempt."""
        using = queue_of(self.parameters(QueueParameters))
        key, number = keys.entry(pk)
        attempt = _attempts(using).filter(pk=key).first()
        entries = entries_of(attempt, registry.destinations()) if attempt else []
        if not 1 <= number <= len(entries):
            raise NotFound(
                f"There is no entry {pk} in the log of the queue {using!r}. Entries are "
                "cleaned away with their items."
            )
        return Response(EntryAnswer(entries[number - 1]).data)


def _page(asked: dict[str, Any]) -> Page:
    order = asked["ordering"]
    table, start, size = _table(asked), asked.get("cursor"), asked["page_size"]
    if order.endswith("created"):
        return table.page(start, size)
    try:
        return table.page_by(lambda entry: entry.byte_size, start, size)
    except TooMany:
        raise ValidationError(
            {
                "ordering": f"There are more than {LOOKED_AT} attempts to sort by size. Say which "
                "destination, and between which moments, with destination, created__gte and "
                "created__lte; or order by created."
            }
        ) from None


def _table(asked: dict[str, Any]) -> Table[PushAttempt]:
    """The entries that were asked for; destination and time are found by an index."""
    rows = _attempts(queue_of(asked)).filter(**between(asked, "created", "started"))
    if "destination" in asked:
        rows = rows.filter(destination=asked["destination"])
    known = registry.destinations()
    sizes = [name for name in asked if name.startswith("byte_size")]
    wanted = {name: asked[name] for name in _EXACT if name in asked}

    def entries(attempt: PushAttempt) -> list[Entry]:
        return [
            entry
            for entry in entries_of(attempt, known)
            if within(asked, "byte_size", entry.byte_size)
            and all(getattr(entry, name) == value for name, value in wanted.items())
        ]

    descending = asked["ordering"].startswith("-")
    return Table([rows], "started", descending, entries, dense=not (wanted or sizes))


def _attempts(using: str) -> Any:
    return PushAttempt.objects.using(using).select_related("item__parcel").only(*FIELDS)
