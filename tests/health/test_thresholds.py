"""How long an item may wait is each destination's own affair; a pause is told, and no alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon import health
from pigeon.destinations import Destination
from pigeon.health import Level
from pigeon.limits import ages_of
from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.senders.registry import check_destination
from tests.health.conftest import SetOptions
from tests.management.conftest import Run
from tests.management.test_check import ago, item, number, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_a_destination_that_may_wait_longer(run: Run, options: SetOptions) -> None:
    options("beloved", old_age=7200, too_old_age=86400)
    item(creation_date=ago(hours=1))
    assert run("pigeon_check").status == 0
    item(creation_date=ago(hours=3))
    assert run("pigeon_check").status == 1
    item(creation_date=ago(hours=25))
    assert run("pigeon_check").status == 2


def test_a_destination_in_a_hurry_behind_an_older_backlog(run: Run, options: SetOptions) -> None:
    options("beloved", old_age=86400, too_old_age=864000)
    options("digest", old_age=10, too_old_age=30.5)
    for _ in range(5):
        item(creation_date=ago(hours=5))
    item(destination="digest", rule_name="daily", creation_date=ago(seconds=60))
    said = run("pigeon_check")
    assert said.status == 2
    assert text(said) == ("PIGEON CRITICAL - the oldest item has been waiting 60 s for digest")


def test_several_that_wait_are_one_sentence(run: Run) -> None:
    for place in range(6):
        item(destination=f"gone {place}", creation_date=ago(hours=place + 3))
    said = run("pigeon_check")
    assert (
        "the oldest item has been waiting 8 h for gone 5, and too long for gone 4 (7 h), "
        "gone 3 (6 h), gone 2 (5 h), 2 more" in text(said)
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"old_age": "60"}, "Option 'old_age' must be a whole number or a number, not str."),
        ({"too_old_age": 0}, "Option 'too_old_age' must be more than 0."),
        ({"old_age": True}, "not bool."),
        (
            {"old_age": 3600},
            "An item would be too old (after 1800 seconds) before it is old (after 3600); set "
            "both 'old_age' and 'too_old_age'.",
        ),
        ({"old_age": 3600, "too_old_age": 3600}, ""),
        ({}, ""),
    ],
)
def test_what_the_checks_say(given: dict[str, Any], sentence: str) -> None:
    place = Destination("x", "dummy", "host", None, "", "/", given)
    found = check_destination(place)
    assert [one for one in found if sentence not in one] == []
    assert bool(found) == bool(sentence)


def test_a_wrong_setting_is_not_told_of_each_destination(settings: Any) -> None:
    settings.PIGEON_CHECK_TOO_OLD_AGE = 60
    assert check_destination(Destination("x", "dummy", "host", None, "", "/")) == []


def test_what_is_no_number_counts_as_not_given() -> None:
    place = Destination("x", "dummy", "host", None, "", "/", {"old_age": "soon"})
    assert ages_of(place) == ages_of(None) == (600, 1800)


def test_ages_in_a_url(run: Run, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {"partner": ["dummy://urgent?old_age=5&too_old_age=7.5"]}
    item(destination="dummy://urgent", creation_date=ago(seconds=9))
    assert run("pigeon_check").status == 2


def test_a_paused_destination_is_told_and_no_alarm(run: Run) -> None:
    item(creation_date=ago(days=3))
    DestinationState.objects.create(
        name="beloved", paused_by="ada", paused_date=ago(hours=2), paused_reason="They move.",
        stopped_reason="Login refused.",
    )  # fmt: skip
    said = run("pigeon_check")
    assert said.status == 1
    assert "beloved is paused by ada since " in text(said) and "They move" in text(said)
    assert (number(said, "paused"), number(said, "stopped")) == ("1", "0")
    assert number(said, "oldest") == "0s" and number(said, "waiting") == "1"


def test_a_pause_that_holds_nothing_up_is_well(run: Run) -> None:
    DestinationState.objects.create(name="beloved", paused_by="ada", paused_date=ago(hours=2))
    assert run("pigeon_check").status == 0


def test_the_names_of_the_old_module_still_work() -> None:
    item(creation_date=ago(hours=1))
    assert health.check().level is Level.CRITICAL
    assert health.look().oldest > 3500
    assert health.unknown("x").line == "PIGEON UNKNOWN - x"


def test_on_every_database(alias: str, site: Path) -> None:
    rows = ItemToPush.objects.using(alias)
    for place, hours in (("beloved", 5), ("digest", 1)):
        rows.create(rule_name="partner", destination=place, creation_date=ago(hours=hours))
    rows.create(
        rule_name="partner", destination="digest", creation_date=ago(hours=9),
        status=Status.IN_PROGRESS, lease_until=ago(hours=8),
    )  # fmt: skip
    found = health.look()
    hours_old = {name: round(seconds / 3600) for name, seconds in found.ages.items()}
    assert hours_old == {"beloved": 5, "digest": 9}


def test_without_time_zones(run: Run, settings: Any, options: SetOptions) -> None:
    settings.USE_TZ = False
    options("beloved", hours="00:00-24:00 UTC")
    item(creation_date=timezone.now())
    item(creation_date=ago(hours=1))
    assert "waiting 60 min for beloved" in text(run("pigeon_check"))


def test_many_destinations_cost_few_statements(run: Run) -> None:
    for place in range(3):
        item(destination=f"place {place}")
    with CaptureQueriesContext(connections["default"]) as few:
        run("pigeon_check")
    for place in range(60):
        item(destination=f"place {place}")
    with CaptureQueriesContext(connections["default"]) as many:
        run("pigeon_check")
    assert len(many) == len(few)
