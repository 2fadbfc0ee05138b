"""Moments on a command line, in the site's zone."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from pigeon.management.moments import moment

VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture(params=[True, False])
def aware(request: Any, settings: Any) -> bool:
    settings.USE_TZ, settings.TIME_ZONE = request.param, "Europe/Vienna"
    return bool(request.param)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31", datetime(2027, 1, 31)),
        ("2027-07-31 14:00", datetime(2027, 7, 31, 14)),
        ("2027-07-31T14:00:05", datetime(2027, 7, 31, 14, 0, 5)),
        ("2027-07-31T14:00Z", datetime(2027, 7, 31, 16)),
        ("2027-07-31 14:00+05:00", datetime(2027, 7, 31, 11)),
    ],
)
def test_dates_and_times(aware: bool, text: str, expected: datetime) -> None:
    assert moment(text) == (expected.replace(tzinfo=VIENNA) if aware else expected)


def test_a_time_is_todays(aware: bool) -> None:
    found = moment("14:05")
    assert timezone.is_aware(found) == aware
    local = timezone.localtime(found, VIENNA) if aware else found
    assert (local.hour, local.minute) == (14, 5)
    assert abs((datetime.now(VIENNA).date() - local.date()).days) <= 1  # midnight may pass


@pytest.mark.parametrize(("text", "ago"), [("2h", 7200), ("90", 90), ("3d", 259_200)])
def test_so_long_ago(aware: bool, text: str, ago: int) -> None:
    before = timezone.now() - timedelta(seconds=ago)
    found = moment(text)
    after = timezone.now() - timedelta(seconds=ago)
    assert before <= found <= after


@pytest.mark.parametrize(
    "text",
    ["", "x", "25:00", "2027-02-30", "2027-01-31 25:00", "999999999w", "-1h", "1.5h", "2h ago"],
)
def test_what_is_no_moment(aware: bool, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no moment: write a date and time"):
        moment(text)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31 23:59-14:00"])
def test_the_ends_of_the_calendar_are_beyond_the_zones(aware: bool, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        moment(text)
