"""Charts and sums show what tallies say, of all databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pigeon import overview
from pigeon.models import Outcome
from pigeon.overview import Range
from pigeon.queue import tallies
from tests.queue.test_tallies import tried

#: Not at the beginning of anything.
NOW = datetime(2026, 5, 4, 13, 14, 15, tzinfo=UTC)


def test_each_range_ends_now(alias: str) -> None:
    steps = {Range.HOUR: (60, 60), Range.DAY: (3600, 24), Range.WEEK: (3600, 168)}
    for over, (step, number) in (steps | {Range.MONTH: (86400, 31)}).items():
        drawn = overview.series(over, now=NOW)
        assert (drawn.step, len(drawn.times)) == (step, number)
        assert drawn.times[-1] <= NOW < drawn.times[-1] + timedelta(seconds=step)
        assert {b - a for a, b in zip(drawn.times, drawn.times[1:], strict=False)} == {
            timedelta(seconds=step)
        }
        lengths = {len(each) for each in (drawn.pushed, drawn.failed, drawn.bytes, drawn.seconds)}
        assert lengths == {number}


def test_each_attempt_is_in_its_stretch(alias: str) -> None:
    tallies.count([tried(), tried(Outcome.RETRY, duration=4.2)], alias, NOW)
    tallies.count([tried(Outcome.FAILED)], alias, NOW - timedelta(minutes=3))
    tallies.count([tried()], alias, NOW - timedelta(minutes=60))
    drawn = overview.series(Range.HOUR, now=NOW)
    assert drawn.pushed == [0] * 59 + [1]
    assert drawn.failed == [0] * 56 + [1, 0, 0, 1]
    assert drawn.bytes == [0] * 56 + [10, 0, 0, 20]
    assert drawn.seconds[-1] == pytest.approx(2.2)
    assert drawn.seconds[0] == 0
    assert overview.series(Range.DAY, now=NOW).pushed[-2:] == [1, 1]
    assert overview.series(Range.MONTH, now=NOW).pushed == [0] * 30 + [2]


def test_one_destination_or_rule(alias: str) -> None:
    tallies.count([tried(), tried(destination="e", rule_name="s")], alias, NOW)
    assert overview.series(Range.HOUR, now=NOW).pushed[-1] == 2
    assert overview.series(Range.HOUR, destination="e", now=NOW).pushed[-1] == 1
    assert overview.series(Range.HOUR, rule="r", now=NOW).pushed[-1] == 1
    assert overview.series(Range.HOUR, destination="e", rule="r", now=NOW).pushed[-1] == 0


@pytest.mark.django_db(databases=["default", "other"])
def test_all_databases_together(site: Any) -> None:
    site.PIGEON_DATABASES = ["default", "other"]
    now = datetime.now(UTC)
    for using in site.PIGEON_DATABASES:
        tallies.count([tried(destination="beloved", rule_name="stories")], using, now)
    assert sum(overview.series(Range.HOUR, now=now).pushed) == 2
    assert overview.destination("beloved").pushed_hour == 2
    assert overview.rule("stories").pushed_day == 2


def test_without_time_zones(alias: str, settings: Any) -> None:
    if alias == "postgresql":
        pytest.skip("the connection is in UTC already")
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Tokyo"
    tallies.count([tried()], alias, datetime(2026, 5, 4, 22, 14, 15))
    drawn = overview.series(Range.HOUR, now=NOW)
    assert drawn.pushed[-1] == 1
    assert drawn.times[-1] == datetime(2026, 5, 4, 13, 14, tzinfo=UTC)
