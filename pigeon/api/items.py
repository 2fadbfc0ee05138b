"""What items look like in answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pigeon.api.attempts import AttemptStoryAnswer
from pigeon.api.fields import Choice, Moment
from pigeon.models.item import ItemToPush
from pigeon.models.status import Action, Status

#: Attempts that an item's answer holds, the newest; the list of attempts has them all.
ATTEMPTS = 50


class ItemAnswer(serializers.Serializer[ItemToPush]):
    """One object, or one mass push, for one rule, to one destination."""

    id = serializers.IntegerField()
    queue = serializers.CharField(source="_state.db", help_text="Alias of its database.")
    rule = serializers.CharField(source="rule_name")
    destination = serializers.CharField()
    model = serializers.CharField(
        source="model_label", help_text="Such as news.story; empty for a mass push."
    )
    object_id = serializers.CharField()
    title = serializers.CharField()
    event = serializers.UUIDField(source="event_id", help_text="Shared by all items of one save.")
    action = Choice(Action.values)
    changed_fields = serializers.ListField(child=serializers.CharField())
    actor = serializers.CharField(help_text="Who saved the object, if that is known.")
    status = serializers.SerializerMethodField()
    priority = serializers.IntegerField()
    push_attempts = serializers.IntegerField()
    creation_date = Moment()
    last_push_attempts_date = Moment(allow_null=True)
    next_attempt_date = Moment(allow_null=True)
    pushed_date = Moment(allow_null=True)
    expires = Moment(allow_null=True)
    message = serializers.CharField(help_text="Why it has not arrived; without secrets.")

    @extend_schema_field(Choice(Status.names))
    def get_status(self, item: ItemToPush) -> str:
        """The name of the status."""
        return Status(item.status).name


class ItemStoryAnswer(ItemAnswer):
    """An item with its newest attempts, the newest first."""

    attempts = serializers.SerializerMethodField()

    @extend_schema_field(AttemptStoryAnswer(many=True))
    def get_attempts(self, item: ItemToPush) -> list[Any]:
        """The newest :data:`ATTEMPTS` attempts."""
        newest = item.attempts.order_by("-started", "-pk")[:ATTEMPTS]
        return [AttemptStoryAnswer(attempt).data for attempt in newest]


class DoneAnswer(serializers.Serializer[Any]):
    """What came of an operation."""

    number = serializers.IntegerField(help_text="Items that were changed.")
    refused = serializers.IntegerField(help_text="Items that were left as they are.")
    why = serializers.CharField(help_text="Why they were, for people.")
