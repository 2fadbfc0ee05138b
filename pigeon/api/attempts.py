"""What attempts look like in answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pigeon.api.fields import Choice, Moment
from pigeon.models.attempt import Outcome, PushAttempt


class ReceiptAnswer(serializers.Serializer[Any]):
    """What an attempt put at the destination, or removed from it: one file."""

    path = serializers.CharField(help_text="Relative to the destination's folder.")
    remote_path = serializers.CharField(help_text="What the partner's side calls it.")
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField(help_text="Digest of what was sent.")
    published = serializers.CharField(help_text="How it got its final name.")
    verified = serializers.CharField(help_text="How it was checked there.")


class AttemptAnswer(serializers.Serializer[PushAttempt]):
    """One attempt to push an item."""

    id = serializers.IntegerField()
    item = serializers.IntegerField(source="item_id", help_text="Id of the item.")
    destination = serializers.CharField()
    rule = serializers.CharField(source="rule_name")
    started = Moment()
    duration = serializers.FloatField(help_text="Seconds.")
    worker = serializers.CharField(help_text="host:process")
    outcome = Choice(Outcome.values)
    error_class = serializers.CharField()
    message = serializers.CharField(help_text="Why it did not arrive; without secrets.")
    bytes_sent = serializers.IntegerField()
    receipts = ReceiptAnswer(many=True)


class StepAnswer(serializers.Serializer[Any]):
    """One thing that was done in an attempt."""

    seconds = serializers.FloatField(help_text="Since the start of the attempt.")
    text = serializers.CharField(help_text="What was done; without secrets.")


class AttemptStoryAnswer(AttemptAnswer):
    """One attempt to push an item, step by step."""

    transcript = serializers.SerializerMethodField()

    @extend_schema_field(StepAnswer(many=True))
    def get_transcript(self, attempt: PushAttempt) -> list[dict[str, Any]]:
        """The steps, in the order in which they were done."""
        return [{"seconds": seconds, "text": text} for seconds, text in attempt.transcript]
