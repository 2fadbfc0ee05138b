"""Limits among a destination's options: found by the checks, unset by default."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pigeon import limits
from pigeon.destinations import resolve
from pigeon.senders.registry import check_destination

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


@pytest.fixture
def configured(settings: Any) -> Any:
    def configured(**options: Any) -> Any:
        settings.PIGEON_DESTINATIONS = {"it": {"URL": "dummy://host", "OPTIONS": options}}
        return resolve("it")

    return configured


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": "10"}, "Option 'rate' is '10', but"),
        ({"rate": 10}, "Option 'rate' must be a string, not int."),
        ({"hours": "at night"}, "Option 'hours' is 'at night', but"),
        ({"hours": ("22:00", "06:00")}, "Option 'hours' must be a string, not tuple."),
        ({"delivery_timeout": 0}, "Option 'delivery_timeout' must be more than 0."),
        ({"delivery_timeout": "1h"}, "must be a whole number or a number, not str."),
    ],
)
def test_what_is_wrong_is_found_by_the_checks(configured: Any, options: Any, words: str) -> None:
    [problem] = check_destination(configured(**options))
    assert words in problem


def test_what_is_right_is_not(configured: Any) -> None:
    right = configured(rate="10/s, 2 MB/s", hours="22:00-06:00 UTC", delivery_timeout=0.5)
    assert check_destination(right) == []
    assert limits.opens(right, NOON) == NOON.replace(hour=22)
    assert limits.open_since(right, NOON) is None
    assert limits.open_since(right, NOON.replace(hour=23)) == NOON.replace(hour=22)


def test_by_default_nothing_limits(configured: Any) -> None:
    usual = configured()
    assert limits.hours_of(usual) is limits.rate_of(usual) is limits.opens(usual, NOON) is None
    wrong = configured(hours="at night")
    assert limits.opens(wrong, NOON) is limits.open_since(wrong, NOON) is None


def test_a_url_may_say_it(settings: Any) -> None:
    destination = resolve("dummy://host?rate=10/s")
    assert check_destination(destination) == []
    assert limits.rate_of(destination) == limits.Rate(item=0.1)
