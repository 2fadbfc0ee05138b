"""``hours``: the times of the week at which things may go to a destination.

Minutes of the week by the clock on the partner's wall: a night in which that clock is put
forward or back needs no rule of its own.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from pigeon.exceptions import ConfigurationError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7 * 24 * 60
_MINUTE = timedelta(minutes=1)
#: How far ahead and back is looked: a week, and another if the clock skips the only window.
_FAR = 15 * DAY
_DAY = rf"(?:{'|'.join(DAYS)})"
_WINDOW = re.compile(
    rf"(?P<days>{_DAY}(?:-{_DAY})?(?:\s+{_DAY}(?:-{_DAY})?)*\s+)?"
    r"(?P<start>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)",
    re.I,
)
_EXAMPLES = "'22:00-06:00 Europe/Paris' or 'Mon-Fri 09:00-17:00, Sat 10:00-12:00 UTC'"


@dataclass(frozen=True)
class Hours:
    """When a destination is open.

    Attributes:
        text: as the option says it.
        zone: the time zone whose clock counts.
    """

    text: str
    zone: tzinfo
    #: A byte for each minute of the week from Monday 00:00: 1 when open.
    _week: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Hours:
        """The hours that ``text`` means: windows with commas between, then the time zone.

        A window is ``HH:MM-HH:MM``, with days before it if it is not for all of them. One that
        ends before it starts goes on into the next day.

        Raises:
            ConfigurationError: it is malformed, or the time zone is unknown.
        """
        windows, _, zone = text.strip().rpartition(" ")
        if not windows or not zone or _WINDOW.fullmatch(zone):
            raise _malformed(text, "the time zone is missing at the end")
        week = bytearray(WEEK)
        for window in windows.split(","):
            for minute in _minutes(text, window.strip()):
                week[minute % WEEK] = 1
        return cls(text, _zone(zone), bytes(week))

    def is_open(self, now: datetime) -> bool:
        """Whether something may go at ``now`` (aware)."""
        there = now.astimezone(self.zone)
        return bool(self._week[there.weekday() * DAY + there.hour * 60 + there.minute])

    def opens(self, now: datetime) -> datetime:
        """The next minute at which it is open after ``now`` (aware), in UTC."""
        return self._first(_whole_minute(now), _MINUTE, wanted=True)

    def open_since(self, now: datetime) -> datetime:
        """Since when it has been open at ``now`` (aware), in UTC; at most some days back."""
        return self._first(_whole_minute(now), -_MINUTE, wanted=False) + _MINUTE

    def _first(self, moment: datetime, step: timedelta, *, wanted: bool) -> datetime:
        for _ in range(_FAR):
            moment += step
            if self.is_open(moment) == wanted:
                break
        return moment


def _whole_minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _minutes(text: str, window: str) -> Iterator[int]:
    """Minutes of the week, which may go beyond its end."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        raise _malformed(text, f"{window!r} is not a window such as '22:00-06:00'")
    start, end = (_minute_of_day(text, found[name]) for name in ("start", "end"))
    if start == end:
        raise _malformed(text, f"{window!r} starts when it ends; all day is '00:00-24:00'")
    length = end - start if end > start else end - start + DAY
    for day in _days(found["days"] or "mon-sun"):
        yield from range(day * DAY + start, day * DAY + start + length)


def _minute_of_day(text: str, time: str) -> int:
    hour, minute = int(time[:2]), int(time[3:])
    if minute > 59 or hour * 60 + minute > DAY:
        raise _malformed(text, f"there is no time {time!r}")
    return hour * 60 + minute


def _days(words: str) -> Iterator[int]:
    for word in words.lower().split():
        first, _, last = word.partition("-")
        start = DAYS.index(first)
        for number in range((DAYS.index(last or first) - start) % 7 + 1):
            yield (start + number) % 7


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    if not zoneinfo.available_timezones():
        raise ConfigurationError(
            "Option 'hours' names a time zone, but this machine has no data about time zones. "
            "Install it: 'pip install tzdata', or your system's package tzdata."
        )
    raise ConfigurationError(
        f"Option 'hours' ends with {name!r}, which is no time zone. Write one such as 'UTC' or "
        "'Europe/Paris'."
    )


def _malformed(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"Option 'hours' is {text!r}, but {reason}. Write it as in {_EXAMPLES}."
    )
