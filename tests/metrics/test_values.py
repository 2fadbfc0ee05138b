"""What the figures say: the truth of the database, however many processes made it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.models.tally import Tally
from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.flows.site import Site
from tests.metrics.samples import samples, value

pytestmark = pytest.mark.django_db(databases=["default", "other"])
Scrape = Callable[..., str]
DUMMY = "dummy://host"


def test_a_push_shows_in_the_figures(site: Site, scrape: Scrape) -> None:
    site.rule("partner", site.destination("beloved", DUMMY))
    for number in range(3):
        Story.objects.create(title=str(number))
    before = scrape()
    labels = {"destination": "beloved", "rule": "partner"}
    assert value(before, "pigeon_attempts_total", outcome="pushed", **labels) == 0
    assert value(before, "pigeon_destination_waiting_items", destination="beloved") == 3
    assert value(before, "pigeon_rule_waiting_items", rule="partner") == 3
    site.push()
    after = scrape()
    assert value(after, "pigeon_attempts_total", outcome="pushed", **labels) == 3
    assert value(after, "pigeon_attempt_duration_seconds_count", **labels) == 3
    assert value(after, "pigeon_sent_bytes_total", **labels) > 0
    assert value(after, "pigeon_destination_waiting_items", destination="beloved") == 0
    last = "pigeon_destination_last_success_timestamp_seconds"
    assert value(after, last, destination="beloved") > 0


def test_attempts_by_outcome(site: Site, scrape: Scrape, tallied: Callable[..., Tally]) -> None:
    site.rule("partner", DUMMY)
    tallied(DUMMY, "partner", pushed=5, retried=2, failed=1, cancelled=4, recovered=3)
    text, labels = scrape(), {"destination": DUMMY, "rule": "partner"}
    outcomes = {"pushed": 5, "retry": 2, "failed": 1, "cancelled": 4, "lease ended": 3}
    for outcome, number in outcomes.items():
        assert value(text, "pigeon_attempts_total", outcome=outcome, **labels) == number
    for outcome in ("pushed", "failed", "cancelled"):
        found = value(text, "pigeon_items_total", outcome=outcome, **labels)
        assert found == outcomes[outcome]
    assert value(text, "pigeon_lease_recoveries_total", **labels) == 3
    assert value(text, "pigeon_attempt_duration_seconds_count", **labels) == 15


def test_what_a_lost_worker_had_is_counted(site: Site, scrape: Scrape) -> None:
    site.rule("partner", DUMMY)
    Story.objects.create(title="one")
    ItemToPush.objects.update(
        status=Status.IN_PROGRESS, lease_token="gone", lease_owner="w1", lease_until=timezone.now()
    )
    site.push()
    text, labels = scrape(), {"destination": DUMMY, "rule": "partner"}
    assert value(text, "pigeon_lease_recoveries_total", **labels) == 1
    assert value(text, "pigeon_attempts_total", outcome="pushed", **labels) == 1
    assert value(text, "pigeon_attempt_duration_seconds_count", **labels) == 2


def test_buckets_are_cumulative(site: Site, scrape: Scrape, tallied: Callable[..., Tally]) -> None:
    site.rule("partner", DUMMY)
    tallied(DUMMY, "partner", pushed=10, took_100ms=4, took_1s=3, took_300s=1, seconds=900.5)
    labels = {"destination": DUMMY, "rule": "partner"}
    found = samples(scrape())["pigeon_attempt_duration_seconds_bucket"]
    buckets = {dict(key)["le"]: number for key, number in found.items()}
    assert buckets == {
        "0.1": 4, "0.5": 4, "1.0": 7, "5.0": 7, "30.0": 7, "60.0": 7, "300.0": 8, "+Inf": 10,
    }  # fmt: skip
    assert value(scrape(), "pigeon_attempt_duration_seconds_sum", **labels) == 900.5
    assert value(scrape(), "pigeon_attempt_duration_seconds_count", **labels) == 10


def test_all_databases_are_added_up(
    site: Site, scrape: Scrape, tallied: Callable[..., Tally]
) -> None:
    site.settings.PIGEON_DATABASES = ["default", "other"]
    site.rule("partner", DUMMY)
    tallied(DUMMY, "partner", pushed=5, seconds=1.5)
    tallied(DUMMY, "partner", pushed=7, seconds=2.0, using="other")
    labels = {"destination": DUMMY, "rule": "partner"}
    assert value(scrape(), "pigeon_attempts_total", outcome="pushed", **labels) == 12
    assert value(scrape(), "pigeon_attempt_duration_seconds_sum", **labels) == 3.5


def test_what_is_not_configured_is_called_other(
    site: Site, scrape: Scrape, tallied: Callable[..., Tally]
) -> None:
    site.rule("partner", DUMMY)
    for number in range(30):
        tallied(f"sftp://gone{number}", f"gone{number}", pushed=1)
        ItemToPush.objects.create(
            destination=f"sftp://gone{number}", rule_name=f"gone{number}", title="left behind"
        )
    tallied(DUMMY, "gone", failed=2)
    text = scrape()
    assert "gone" not in text
    other = {"destination": "other", "rule": "other"}
    assert value(text, "pigeon_attempts_total", outcome="pushed", **other) == 30
    there = {"destination": DUMMY, "rule": "other"}
    assert value(text, "pigeon_attempts_total", outcome="failed", **there) == 2
    assert value(text, "pigeon_destination_waiting_items", destination="other") == 30
    assert value(text, "pigeon_rule_waiting_items", rule="other") == 30


def test_the_age_of_the_oldest(site: Site, scrape: Scrape) -> None:
    site.rule("partner", DUMMY)
    Story.objects.create(title="old")
    ItemToPush.objects.update(creation_date=timezone.now() - timedelta(hours=2))
    for name, labels in (("destination", {"destination": DUMMY}), ("rule", {"rule": "partner"})):
        age = value(scrape(), f"pigeon_{name}_oldest_item_age_seconds", **labels)
        assert 7200 <= age < 9000


def health(text: str) -> dict[str, str]:
    """Destination → the state it is in."""
    found = [dict(key) for key, on in samples(text)["pigeon_destination_health"].items() if on]
    assert len({labels["destination"] for labels in found}) == len(found)
    return {labels["destination"]: labels["health"] for labels in found}


def test_health_is_one_of_the_states(site: Site, scrape: Scrape) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    failing = {"failures": 3, "next_probe": soon}
    states: dict[str, dict[str, Any]] = {
        "well": {},
        "failing": failing,
        "stopped": {"stopped_reason": "Login refused.", "next_probe": soon},
        "paused": {"paused_date": timezone.now(), "paused_by": "kim", **failing},
    }
    for name, fields in states.items():
        site.destination(name, f"dummy://{name}")
        if name == "stopped":
            fields = {**fields, "fingerprint": registry.destinations()[name].fingerprint()}
        DestinationState.objects.create(name=name, **fields)
    text = scrape()
    assert health(text) == {name: name for name in states}
    probe = "pigeon_destination_next_probe_timestamp_seconds"
    assert value(text, probe, destination="failing") == pytest.approx(soon.timestamp())
    assert value(text, probe, destination="well") == 0
    assert value(text, "pigeon_destination_paused", destination="paused") == 1
    assert value(text, "pigeon_destination_paused", destination="failing") == 0


def test_the_number_of_queries_does_not_grow_with_destinations(site: Site, scrape: Scrape) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            scrape()
        return len(asked)

    for number in range(2):
        site.destination(f"d{number}", f"dummy://{number}")
    few = queries()
    for number in range(2, 60):
        site.destination(f"d{number}", f"dummy://{number}")
    assert queries() == few <= 20


def test_items_that_ended_wait_no_more(site: Site, scrape: Scrape) -> None:
    site.rule("partner", DUMMY)
    Story.objects.create(title="one")
    ItemToPush.objects.update(status=Status.SEND_ERROR)
    assert value(scrape(), "pigeon_destination_waiting_items", destination=DUMMY) == 0
