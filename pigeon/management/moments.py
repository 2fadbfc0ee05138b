"""Moments as people write them on a command line."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, time

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time

from pigeon.management.command import duration


def moment(text: str) -> datetime:
    """The type of an argument such as ``2h`` (ago), ``2027-01-31 14:00``, a date or ``14:00``.

    A date is its first moment, a time is today's; both are of the site's zone unless they say
    another one. As models have it: aware with ``USE_TZ``, naive otherwise.
    """
    try:
        found = _point(text) or timezone.now() - duration(text)
        aware = found if timezone.is_aware(found) else timezone.make_aware(found)
        aware.astimezone(UTC)  # which the first and the last days of the calendar refuse
        return aware if settings.USE_TZ else timezone.make_naive(aware)
    except (ValueError, OverflowError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment: write a date and time such as '2027-01-31 14:00', a date, a "
            "time of today, or how long ago, as in 90m, 2h or 3d"
        ) from None


def _point(text: str) -> datetime | None:
    """The date, the time or both that ``text`` says; ``None``: it says something else."""
    if "-" not in text:  # bare digits would be dates or hours, too
        found = parse_time(text) if ":" in text else None
        return None if found is None else datetime.combine(_today(), found)
    day = parse_date(text)
    return parse_datetime(text) if day is None else datetime.combine(day, time())


def _today() -> date:
    return timezone.localdate() if settings.USE_TZ else timezone.now().date()
