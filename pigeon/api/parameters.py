"""What requests may say: every unknown, repeated or wrong word is refused with its cure."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from pigeon.api.fields import Choice
from pigeon.checks.suggest import did_you_mean, listed
from pigeon.conf import conf


class Parameters(serializers.Serializer[Any]):
    """The parameters of a URL, or the members of a body: those that are declared, no others."""

    def to_internal_value(self, data: Any) -> Any:
        """The values by name.

        Raises:
            ValidationError: something is unknown, missing or wrong.
        """
        if isinstance(data, dict):
            self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: dict[str, Any]) -> None:
        known = self.fields
        wrong = {
            str(name)[:100]: f"This is unknown here. {did_you_mean(name, known)}"
            f"Known: {listed(known)}."
            for name in data
            if name not in known
        }
        if wrong:
            raise serializers.ValidationError(wrong)


class QueueParameters(Parameters):
    """Which of the site's queues is meant."""

    def get_fields(self) -> Any:
        """The fields; the aliases are those of the site's settings now."""
        help_text = "Alias of the queue's database; the first of PIGEON_DATABASES without it."
        queue = Choice(conf.DATABASES, required=False, help_text=help_text)
        return {**super().get_fields(), "queue": queue}


def queue_of(values: dict[str, Any]) -> str:
    """The alias that a request means."""
    alias: str = values.get("queue") or conf.DATABASES[0]
    return alias


def plain(query: QueryDict, fields: dict[str, serializers.Field[Any, Any, Any, Any]]) -> Any:
    """The parameters of a URL as a dictionary; only lists may be given more than once.

    Raises:
        ValidationError: another one was.
    """
    values: dict[str, Any] = {}
    for name, given in query.lists():
        if isinstance(fields.get(name), serializers.ListField):
            values[name] = given
        elif len(given) > 1:
            raise serializers.ValidationError(
                {name: f"This was given {len(given)} times. Give it once."}
            )
        else:
            values[name] = given[0]
    return values
