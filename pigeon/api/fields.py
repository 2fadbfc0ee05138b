"""What single values look like in requests and answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils import timezone
from rest_framework import serializers

from pigeon.checks.suggest import did_you_mean, listed
from pigeon.text import storable

#: The largest key that the databases' columns hold.
MAX_KEY = 2**63 - 1
_MODEL = r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*"


class Moment(serializers.DateTimeField):
    """A point in time as RFC 3339 has it; answers are in UTC, whatever ``USE_TZ`` says."""

    default_error_messages = {
        "invalid": "This is no point in time. Write it as 2027-01-31T18:05:00Z or "
        "2027-01-31T18:05:00+01:00; in a URL a + is written %2B.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """``value`` as the database has it; without an offset it is in the site's time zone.

        Raises:
            ValidationError: the moment is beyond what a calendar can say.
        """
        try:
            aware = value if timezone.is_aware(value) else timezone.make_aware(value)
            aware = aware.astimezone(UTC)
        except OverflowError:
            self.fail("overflow", timezone="UTC")
        return aware if settings.USE_TZ else timezone.make_naive(aware)

    def to_representation(self, value: datetime) -> str:
        """``value`` such as ``"2027-01-31T17:05:00.250000Z"``."""
        aware = value if timezone.is_aware(value) else timezone.make_aware(value)
        return aware.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


class Text(serializers.CharField):
    """Text that databases can hold, with its spaces."""

    default_error_messages = {
        "characters": "This holds characters that no database keeps (half of a surrogate pair). "
        "Send the text as UTF-8.",
    }

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.get("allow_blank"):
            kwargs.setdefault("min_length", 1)
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """``data``, checked.

        Raises:
            ValidationError: it is no text, or none that can be stored.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        value: str = super().to_internal_value(data)
        if storable(value) != value.replace("\0", "\N{REPLACEMENT CHARACTER}"):
            self.fail("characters")
        return value


class Choice(serializers.ChoiceField):
    """One of some words; a wrong one is answered with the right ones."""

    def __init__(self, choices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(choices=list(choices), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The choice that ``data`` names.

        Raises:
            ValidationError: it names none.
        """
        if isinstance(data, str) and data in self.choices:
            return data
        raise serializers.ValidationError(
            f"{str(data)[:100]!r} is not one of the choices. {did_you_mean(data, self.choices)}"
            f"Choices: {listed(self.choices)}."
        )


class Key(serializers.IntegerField):
    """The primary key of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_KEY, **kwargs)


class BodyKey(Key):
    """The primary key of a row in a body, where numbers are numbers."""

    def to_internal_value(self, data: Any) -> int:
        """The number. Raises ``ValidationError`` if ``data`` is none."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """``true`` or ``false`` in a body."""

    def to_internal_value(self, data: Any) -> bool:
        """The flag. Raises ``ValidationError`` if ``data`` is none."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ObjectName(Text):
    """An object by model and primary key, such as ``news.Story:42``."""

    def __init__(self, **kwargs: Any) -> None:
        words = "This is no object. Write its model and primary key, such as news.Story:42."
        form = RegexValidator(rf"^{_MODEL}:[^\s].*\Z", words)
        kwargs.setdefault("help_text", "Model and primary key, such as news.Story:42.")
        super().__init__(max_length=400, validators=[form], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The text.

        Raises:
            ValidationError: it names no object, or a model that is not installed.
        """
        value = super().to_internal_value(data)
        label = value.partition(":")[0]
        known = {model._meta.label.lower(): model._meta.label for model in apps.get_models()}
        if "." in label and label.lower() not in known:
            raise serializers.ValidationError(
                f"There is no model {label!r}. {did_you_mean(label, known.values())}"
                "Write app_label.ModelName."
            )
        return value
