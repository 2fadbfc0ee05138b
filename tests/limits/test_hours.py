"""When a destination is open: by the clock on the partner's wall."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeon.exceptions import ConfigurationError
from pigeon.limits import Hours

NIGHT = "22:00-06:00 Europe/Paris"
OFFICE = "Mon-Fri 09:00-17:00, Sat 10:00-12:00 UTC"
EVERY = "Fri-Mon 08:00-09:00, tue thu 23:30-00:15 America/New_York"


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("hours", "moment", "zone", "is_open"),
    [
        (NIGHT, "2026-01-14 21:59:59", "Europe/Paris", False),
        (NIGHT, "2026-01-14 22:00", "Europe/Paris", True),
        (NIGHT, "2026-01-14 23:59:59", "Europe/Paris", True),
        (NIGHT, "2026-01-15 00:00", "Europe/Paris", True),
        (NIGHT, "2026-01-15 05:59:59.999999", "Europe/Paris", True),
        (NIGHT, "2026-01-15 06:00", "Europe/Paris", False),
        (NIGHT, "2026-01-14 21:00", "UTC", True),
        (NIGHT, "2026-07-14 20:00", "UTC", True),
        (NIGHT, "2026-07-14 19:59", "UTC", False),
        (OFFICE, "2026-01-16 16:59", "UTC", True),  # a Friday
        (OFFICE, "2026-01-16 17:00", "UTC", False),
        (OFFICE, "2026-01-17 09:59", "UTC", False),
        (OFFICE, "2026-01-17 11:59", "UTC", True),
        (OFFICE, "2026-01-18 11:00", "UTC", False),
        (EVERY, "2026-01-19 08:30", "America/New_York", True),  # a Monday
        (EVERY, "2026-01-20 08:30", "America/New_York", False),
        (EVERY, "2026-01-21 00:14", "America/New_York", True),  # still Tuesday's window
        (EVERY, "2026-01-22 00:14", "America/New_York", False),
        ("Sun 23:00-01:00 UTC", "2026-01-19 00:30", "UTC", True),  # past the end of the week
        ("00:00-24:00 UTC", "2026-01-19 23:59", "UTC", True),
        ("Sat 12:00-24:00 UTC", "2026-01-18 00:00", "UTC", False),
    ],
)
def test_open_or_not(hours: str, moment: str, zone: str, is_open: bool) -> None:
    assert Hours.parse(hours).is_open(at(moment, zone)) is is_open


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (NIGHT, "2026-01-14 12:34:56", "2026-01-14 21:00"),
        (NIGHT, "2026-07-14 12:34:56", "2026-07-14 20:00"),
        (OFFICE, "2026-01-17 12:00", "2026-01-19 09:00"),
        ("Wed 07:07-07:08 UTC", "2026-01-14 07:08", "2026-01-21 07:07"),
        # The clock of Paris goes from 02:00 to 03:00 (01:00 UTC) on 29 March 2026.
        ("02:30-05:00 Europe/Paris", "2026-03-28 12:00", "2026-03-29 01:00"),
        ("02:10-02:50 Europe/Paris", "2026-03-28 12:00", "2026-03-30 00:10"),
        ("Sun 02:10-02:50 Europe/Paris", "2026-03-23 12:00", "2026-04-05 00:10"),
        # It goes from 03:00 back to 02:00 (01:00 UTC) on 25 October 2026.
        ("02:10-02:50 Europe/Paris", "2026-10-24 12:00", "2026-10-25 00:10"),
        ("02:10-02:50 Europe/Paris", "2026-10-25 00:55", "2026-10-25 01:10"),
    ],
)
def test_the_next_opening(hours: str, now: str, opens: str) -> None:
    assert Hours.parse(hours).opens(at(now)) == at(opens)


@pytest.mark.parametrize(
    ("moment", "fold", "is_open"),
    [
        ("2026-10-25 02:15", 0, True),
        ("2026-10-25 02:45", 0, False),
        ("2026-10-25 02:15", 1, True),
        ("2026-10-25 02:45", 1, False),
    ],
)
def test_a_time_that_comes_twice_counts_each_time(moment: str, fold: int, is_open: bool) -> None:
    hours = Hours.parse("22:00-02:30 Europe/Paris")
    assert hours.is_open(at(moment, "Europe/Paris", fold)) is is_open


def test_a_night_lasts_as_long_as_the_clock_makes_it() -> None:
    hours = Hours.parse(NIGHT)
    lengths = {}
    for day in ("2026-03-28", "2026-06-28", "2026-10-24"):
        start = hours.opens(at(f"{day} 12:00"))
        lengths[day] = sum(hours.is_open(start + timedelta(minutes=n)) for n in range(12 * 60))
    assert lengths == {"2026-03-28": 7 * 60, "2026-06-28": 8 * 60, "2026-10-24": 9 * 60}


def test_since_when_it_is_open() -> None:
    assert Hours.parse(NIGHT).open_since(at("2026-01-15 03:03:03")) == at("2026-01-14 21:00")
    long_ago = Hours.parse("00:00-24:00 UTC").open_since(at("2026-01-15"))
    assert long_ago < at("2026-01-08")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_it_opens_only_when_it_is_open_and_was_not_before(now: datetime) -> None:
    for text in (NIGHT, OFFICE, EVERY):
        hours = Hours.parse(text)
        opens = hours.opens(now)
        assert hours.is_open(opens) and opens > now - timedelta(minutes=1)
        if not hours.is_open(now):
            assert not hours.is_open(opens - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the time zone is missing"),
        ("22:00-06:00", "the time zone is missing"),
        ("22-6 UTC", "'22-6' is not a window"),
        ("22:00-22:00 UTC", "starts when it ends"),
        ("24:00-24:00 UTC", "starts when it ends"),
        ("22:00-25:00 UTC", "there is no time '25:00'"),
        ("22:61-23:00 UTC", "there is no time '22:61'"),
        ("Moo 09:00-10:00 UTC", "'Moo 09:00-10:00' is not a window"),
        ("09:00-10:00,, UTC", "'' is not a window"),
        ("09:00-10:00 Europe/Pariss", "'Europe/Pariss', which is no time zone"),
        ("09:00-10:00 ../../etc/passwd", "which is no time zone"),
        ("09:00-10:00 Europe", "which is no time zone"),
    ],
)
def test_what_is_malformed_is_said(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match="Option 'hours'") as error:
        Hours.parse(text)
    assert words in str(error.value)


def test_a_machine_without_time_zones_is_told_the_cure() -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        if zoneinfo.available_timezones():
            pytest.skip("the package tzdata is installed")
        assert Hours.parse("09:00-10:00 UTC").zone is UTC
        with pytest.raises(ConfigurationError, match="pip install tzdata"):
            Hours.parse(NIGHT)
    finally:
        zoneinfo.reset_tzpath(to=before)
