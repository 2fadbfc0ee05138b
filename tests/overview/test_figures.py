"""What attempts of the last hour and day came to, everywhere the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pigeon import overview
from pigeon.models import Outcome
from pigeon.overview import Health
from pigeon.queue import tallies
from tests.overview.conftest import ago, state
from tests.queue.making import make
from tests.queue.test_tallies import tried


def _count(alias: str, minutes: float, *outcomes: Outcome, **facts: Any) -> None:
    said = {"destination": "beloved", "rule_name": "stories"} | facts
    moment = datetime.now(UTC) - timedelta(minutes=minutes)
    tallies.count([tried(outcome, **said) for outcome in outcomes], alias, moment)


def test_hour_and_day(site: Any, alias: str) -> None:
    _count(alias, 5, Outcome.PUSHED, Outcome.RETRY, Outcome.FAILED, Outcome.CANCELLED)
    _count(alias, 10 * 60, Outcome.PUSHED, Outcome.PUSHED, Outcome.LEASE_ENDED)
    _count(alias, 25 * 60, Outcome.PUSHED)
    for view in (overview.destination("beloved"), overview.rule("stories"), overview.totals()):
        assert (view.pushed_hour, view.failed_hour) == (1, 2)
        assert (view.pushed_day, view.failed_day) == (3, 3)
        assert view.bytes_day == 70
        assert view.success_rate == 0.5


def test_no_attempts_have_no_rate(site: Any, alias: str) -> None:
    _count(alias, 5, Outcome.CANCELLED)
    assert overview.totals().success_rate is None


def test_totals_are_of_all_destinations(site: Any, alias: str) -> None:
    state(failures=1, last_error="no route")
    make(alias, destination="digest", creation_date=ago(hours=2))
    make(alias, destination="beloved", creation_date=ago(hours=1))
    _count(alias, 5, Outcome.PUSHED)
    _count(alias, 5, Outcome.PUSHED, destination="digest")
    found = overview.totals()
    assert (found.waiting, found.in_progress, found.capped) == (2, 0, False)
    assert 7000 < (found.oldest or 0) < 9000
    assert found.pushed_hour == 2
    assert {health: number for health, number in found.health.items() if number} == {
        Health.WELL: 1,
        Health.FAILING: 1,
    }
    assert set(found.health) == set(Health)
    assert overview.totals(overview.destinations()[:1]).waiting == 1
