"""What destinations, rules and all together look like in answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from pigeon.api.fields import Choice, Moment
from pigeon.overview import Health


class FiguresAnswer(serializers.Serializer[Any]):
    """What attempts came to in the last 60 minutes and 24 hours, and what waits."""

    waiting = serializers.IntegerField()
    capped = serializers.BooleanField(help_text="Counting stopped: there may be more.")
    oldest = serializers.FloatField(
        allow_null=True, help_text="Seconds that the oldest waiting item has been waiting."
    )
    pushed_hour = serializers.IntegerField(help_text="Attempts that delivered.")
    failed_hour = serializers.IntegerField(help_text="Attempts that did not.")
    pushed_day = serializers.IntegerField()
    failed_day = serializers.IntegerField()
    bytes_day = serializers.IntegerField()
    success_rate = serializers.FloatField(
        allow_null=True, help_text="Of the last day's attempts the part that delivered, 0 to 1."
    )


class DestinationAnswer(FiguresAnswer):
    """How a destination fares."""

    name = serializers.CharField()
    url = serializers.CharField(help_text="Without password; empty if it is gone.")
    health = Choice(Health.values)
    words = serializers.CharField(help_text="How it fares, in a sentence.")
    next_probe = Moment(allow_null=True)
    opens = Moment(allow_null=True)
    paused_by = serializers.CharField()
    paused_date = Moment(allow_null=True)
    paused_reason = serializers.CharField()
    in_progress = serializers.IntegerField()
    last_error = serializers.CharField()
    last_error_date = Moment(allow_null=True)
    cure = serializers.CharField(help_text="What can be done about the last error.")
    last_success_date = Moment(allow_null=True)
    rules = serializers.ListField(child=serializers.CharField())


class RuleAnswer(FiguresAnswer):
    """How a rule fares."""

    name = serializers.CharField()
    exists = serializers.BooleanField(help_text="Whether it is still in the site's code.")
    destinations = serializers.ListField(child=serializers.CharField())
    models = serializers.ListField(child=serializers.CharField())
    last_error = serializers.CharField()
    last_error_date = Moment(allow_null=True)
    cure = serializers.CharField(help_text="What can be done about the last error.")


class SummaryAnswer(FiguresAnswer):
    """All destinations together."""

    in_progress = serializers.IntegerField()
    health = serializers.DictField(
        child=serializers.IntegerField(), help_text="Health → number of destinations."
    )
