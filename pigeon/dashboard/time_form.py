"""What all forms ask that look at a time in one queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from pigeon.conf import conf
from pigeon.overview.query import YEARS


class MomentField(forms.DateTimeField):
    """A time of the site's time zone, as browsers send it."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
    )

    def clean(self, value: Any) -> datetime | None:
        """The moment, as the database has moments. Raises ``ValidationError``."""
        moment: datetime | None = super().clean(value)
        if moment is None:
            return None
        if moment.year not in YEARS:
            raise forms.ValidationError("Choose a year from 1970 to 8999.")
        if timezone.is_aware(moment) and not settings.USE_TZ:
            return timezone.make_naive(moment)
        return moment


class TimeForm(forms.Form):
    """A time and a queue; whoever inherits says with ``since`` and ``until`` which time."""

    using = forms.ChoiceField(required=False, label="Queue")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        aliases = [(alias, alias) for alias in conf.DATABASES]
        self.fields["using"].choices = aliases  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and since >= until:
            self.add_error("until", "The time must end after it begins.")
        return found

    @property
    def using_alias(self) -> str:
        """Alias of the queue that is asked, of a valid form."""
        return self.cleaned_data.get("using") or conf.DATABASES[0]
