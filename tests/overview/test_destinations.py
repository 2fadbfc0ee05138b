"""Each destination's health and numbers are those of its items, state and settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from pigeon import overview
from pigeon.exceptions import NotRegistered
from pigeon.models import DestinationState, Status
from pigeon.overview import Health
from pigeon.queue import state_alias
from pigeon.registry import registry
from tests.overview.conftest import ago, attempt, state
from tests.queue.making import make, make_many


def _beloved() -> overview.DestinationView:
    return overview.destination("beloved")


def test_one_of_which_nothing_is_known(site: Any, alias: str) -> None:
    view = _beloved()
    assert (view.health, view.words) == (Health.WELL, "well")
    assert view.url == "dummy://user@beloved/in"
    assert view.rules == ("stories",)
    assert (view.waiting, view.in_progress, view.capped, view.oldest) == (0, 0, False, None)
    assert (view.last_error, view.cure, view.success_rate) == ("", "", None)


def test_what_waits(site: Any, alias: str) -> None:
    make(alias, 1, destination="beloved", creation_date=ago(hours=1))
    make(alias, 2, destination="beloved", creation_date=ago(hours=2), status=Status.RETRY)
    make(alias, 3, destination="beloved", creation_date=ago(hours=9), status=Status.PUSHED)
    make(alias, 4, destination="beloved", creation_date=ago(hours=9), status=Status.IN_PROGRESS)
    make(alias, 5, destination="digest", creation_date=ago(hours=9))
    view = _beloved()
    assert (view.waiting, view.in_progress, view.capped) == (2, 1, False)
    assert view.oldest == pytest.approx(7200, abs=600)


def test_an_item_that_is_sent_again_waits_since_then(site: Any, alias: str) -> None:
    again = {"status": Status.RETRY, "next_attempt_date": ago(minutes=1)}
    make(alias, destination="beloved", creation_date=ago(days=9), **again)
    assert (_beloved().oldest or 0) < 3600


def test_counting_stops(site: Any, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pigeon.queue.glance.COUNTED", 3)
    make_many(alias, range(5), destination="beloved")
    assert (_beloved().waiting, _beloved().capped) == (3, True)


def test_failing(site: Any, alias: str) -> None:
    state(failures=2, next_probe=ago(hours=-1), last_error="no route", last_error_date=ago())
    view = _beloved()
    assert view.health == Health.FAILING
    assert "failing, next try at" in view.words
    assert "no route" in view.words
    assert view.next_probe
    assert "firewall" in view.cure


def test_stopped(site: Any, alias: str) -> None:
    refused = {"stopped_reason": "login refused", "last_error": "login refused"}
    mark = registry.destinations()["beloved"].fingerprint()
    state(next_probe=ago(hours=-1), fingerprint=mark, **refused)
    view = _beloved()
    assert view.health == Health.STOPPED
    assert view.words.startswith("stopped, next try at ")
    assert view.last_error == "login refused"
    DestinationState.objects.using(alias).update(next_probe=ago(hours=1))
    view = _beloved()
    assert view.health == Health.STOPPED
    assert view.words.startswith("was stopped, is tried again with the next push: ")
    site.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://another"}}
    assert _beloved().health == Health.FAILING, "it is tried again as it is now"


def test_paused_comes_before_all_else(site: Any, alias: str) -> None:
    paused = {"paused_date": ago(hours=1), "paused_by": "Ada", "paused_reason": "they move"}
    state(failures=1, **paused)
    view = _beloved()
    assert (view.health, view.paused_by, view.paused_reason) == (Health.PAUSED, "Ada", "they move")
    assert view.words.startswith("paused by Ada since ")
    assert view.words.endswith(": they move")


def test_out_of_its_hours(site: Any, alias: str) -> None:
    opens = datetime.now(UTC) + timedelta(hours=2)
    options = {"hours": f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M} UTC"}
    site.PIGEON_DESTINATIONS = {"beloved": {"URL": "dummy://beloved", "OPTIONS": options}}
    view = _beloved()
    assert view.health == Health.RESTING, view.words
    assert view.opens


def test_one_that_only_items_know(site: Any, alias: str) -> None:
    make(alias, destination="former")
    views = {view.name: view for view in overview.destinations()}
    assert list(views) == ["beloved", "digest", "former"]
    assert views["former"].health == Health.GONE
    assert views["former"].waiting == 1


def test_one_that_nobody_knows(site: Any, alias: str) -> None:
    with pytest.raises(NotRegistered, match=r"'nowhere'.*Known destinations: beloved, digest"):
        overview.destination("nowhere")


def test_the_later_error_counts(site: Any, alias: str) -> None:
    state(last_error="the state's", last_error_date=ago(hours=2))
    item = make(alias, destination="beloved")
    attempt(item, started=ago(hours=3), message="older")
    assert _beloved().last_error == "the state's"
    attempt(item, started=ago(hours=1), message="disk full", error_class="PermanentError")
    attempt(item, "pushed", started=ago(minutes=1))
    view = _beloved()
    assert view.last_error == "disk full"
    assert "disk is full" in view.cure


def test_the_number_of_queries_does_not_grow(site: Any, alias: str) -> None:
    used = {alias, state_alias()}

    def queries() -> int:
        with CaptureQueriesContext(connections[alias]) as captured:
            overview.destinations()
        assert used == {alias}
        return len(captured)

    make(alias, destination="beloved")
    attempt(make(alias, destination="digest"), message="no")
    before = queries()
    for number in range(60):
        attempt(make(alias, number, destination=f"partner {number}"), message="no")
    assert queries() == before <= 10
    assert len(overview.destinations()) == 62
