"""A destination that fails is left alone for a while, then probed with one item."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.destinations import Destination, resolve
from pigeon.exceptions import AuthenticationError, DestinationMisconfigured, Unreachable
from pigeon.models import DestinationState
from pigeon.queue import destination_failed, destination_succeeded, hasten
from tests.queue.making import ids, make, make_many, push, record, take


@pytest.fixture(autouse=True)
def named(settings: Any) -> None:
    configure(settings, password="old")
    settings.PIGEON_RETRY_SCHEDULE = [100, 1000]
    settings.PIGEON_STOPPED_PROBE_INTERVAL = 900


def configure(settings: Any, **options: Any) -> None:
    url = "sftp://news@partner.example/in"
    settings.PIGEON_DESTINATIONS = {"beloved": {"URL": url, "OPTIONS": options}}


def beloved() -> Destination:
    return resolve("beloved")


def state(alias: str) -> DestinationState:
    return DestinationState.objects.using(alias).get(name="beloved")


@pytest.fixture
def waiting(alias: str) -> str:
    """A database where ten items wait and the destination is known."""
    take(alias, to=beloved())
    make_many(alias, range(10), destination="beloved")
    return alias


def probe(alias: str, now: datetime) -> list[Any]:
    return take(alias, to=beloved(), now=now)


def test_a_failing_destination_gets_nothing_until_its_probe_and_then_one_item(
    waiting: str,
) -> None:
    when = destination_failed(beloved(), Unreachable("no route to host")).probe

    assert take(waiting, to=beloved()) == []
    assert probe(waiting, when - timedelta(seconds=1)) == []
    assert len(probe(waiting, when)) == 1
    assert probe(waiting, when) == [], "one probe is enough"


def test_a_probe_waits_until_what_was_sent_before_has_come_back(waiting: str) -> None:
    before = take(waiting, to=beloved(), limit=3)
    when = destination_failed(beloved(), Unreachable("no route to host")).probe
    soon = when.replace() if when < before[0].lease_until else timezone.now()
    DestinationState.objects.using(waiting).update(next_probe=soon)
    assert probe(waiting, soon) == []
    record(waiting, before, None)
    assert len(probe(waiting, soon)) == 1


def test_a_probe_that_its_worker_never_finished_is_made_again(waiting: str) -> None:
    when = destination_failed(beloved(), Unreachable("no route to host")).probe
    probe(waiting, when)
    assert len(probe(waiting, when + timedelta(hours=1))) == 1


def test_success_opens_the_destination(waiting: str) -> None:
    when = destination_failed(beloved(), Unreachable("no route to host")).probe
    push(waiting, probe(waiting, when))
    assert destination_succeeded(beloved()) is True
    assert destination_succeeded(beloved()) is False, "it was well already"
    assert len(take(waiting, to=beloved())) == 9
    assert state(waiting).failures == 0
    assert state(waiting).last_success_date is not None


def test_the_pause_grows_with_each_failed_probe(waiting: str) -> None:
    when = destination_failed(beloved(), Unreachable("no route")).probe
    assert timedelta(seconds=49) < when - timezone.now() <= timedelta(seconds=100)
    hasten(["beloved"], waiting)
    when = destination_failed(beloved(), Unreachable("no route")).probe
    assert timedelta(seconds=499) < when - timezone.now() <= timedelta(seconds=1000)
    assert state(waiting).failures == 2


def test_the_pause_grows_no_further_than_the_longest(waiting: str, settings: Any) -> None:
    settings.PIGEON_RETRY_SCHEDULE = [30, 60, 300, 1800, 43200]
    settings.PIGEON_MAX_PROBE_INTERVAL = 900
    pauses = []
    for _ in range(12):
        opening = destination_failed(beloved(), Unreachable("no route"))
        pauses.append((opening.probe - timezone.now()).total_seconds())
        hasten(["beloved"], waiting)
    for pause, full in zip(pauses, [30, 60, 300, *[1800] * 9], strict=True):
        assert min(full / 2, 900) - 9 < pause <= min(full, 900)
    assert state(waiting).failures == 12


def test_it_is_news_once_that_a_destination_fails_or_is_stopped(waiting: str) -> None:
    refused, lost = AuthenticationError("Login refused"), Unreachable("no route")
    news = []
    for error in (lost, lost, refused, refused, lost, refused):
        news.append(destination_failed(beloved(), error).is_news)
        hasten(["beloved"], waiting)
    assert news == [True, False, True, False, False, True]


def test_deliveries_that_fail_together_count_once(waiting: str) -> None:
    openings = [destination_failed(beloved(), Unreachable("no route")) for _ in range(32)]
    assert len({opening.probe for opening in openings}) == 1
    assert [opening.is_news for opening in openings] == [True] + [False] * 31
    assert state(waiting).failures == 1


def test_a_partner_who_says_when_to_come_back_is_obeyed(waiting: str) -> None:
    error = Unreachable("come back later", retry_after=timedelta(hours=5))
    pause = destination_failed(beloved(), error).probe - timezone.now()
    assert pause > timedelta(hours=4, minutes=59)


def test_a_paused_destination_costs_the_others_nothing(waiting: str) -> None:
    destination_failed(beloved(), Unreachable("no route"))
    make(waiting, "elsewhere")
    assert ids(take(waiting)) == ["elsewhere"]


@pytest.mark.parametrize("error", [AuthenticationError, DestinationMisconfigured])
def test_a_refused_login_stops_the_destination_not_the_items(
    waiting: str, error: type[Any]
) -> None:
    when = destination_failed(beloved(), error("Login refused")).probe
    assert state(waiting).stopped_reason == "Login refused"
    assert take(waiting, to=beloved()) == []
    assert timedelta(seconds=890) < when - timezone.now() <= timedelta(seconds=900)
    assert len(probe(waiting, when)) == 1, "a slow probe"
    assert probe(waiting, when) == []


def test_a_new_configuration_starts_it_again_with_one_probe(waiting: str, settings: Any) -> None:
    destination_failed(beloved(), AuthenticationError("Login refused"))
    configure(settings, password="new")
    assert len(take(waiting, to=beloved())) == 1
    assert take(waiting, to=beloved()) == []


def test_a_new_configuration_that_is_refused_as_well_is_not_tried_on_and_on(
    waiting: str, settings: Any
) -> None:
    destination_failed(beloved(), AuthenticationError("Login refused"))
    configure(settings, password="new")
    items = take(waiting, to=beloved())
    destination_failed(beloved(), AuthenticationError("Login refused"))
    record(waiting, items, None)
    assert take(waiting, to=beloved()) == []


def test_a_new_configuration_that_cannot_be_reached_is_not_tried_on_and_on(
    waiting: str, settings: Any
) -> None:
    destination_failed(beloved(), AuthenticationError("Login refused"))
    configure(settings, password="new")
    items = take(waiting, to=beloved())
    destination_failed(beloved(), Unreachable("no route"))
    record(waiting, items, None)
    assert take(waiting, to=beloved()) == []


def test_an_error_without_words_stops_the_destination_too(waiting: str) -> None:
    destination_failed(beloved(), AuthenticationError(""))
    assert state(waiting).stopped_reason == "AuthenticationError"
    assert take(waiting, to=beloved()) == []


def test_no_secret_is_stored(waiting: str, settings: Any) -> None:
    configure(settings, password="s3cret!")
    destination_failed(beloved(), AuthenticationError("refused news:s3cret!"))
    row = state(waiting)
    assert "s3cret" not in f"{row.stopped_reason} {row.last_error} {row.fingerprint}"
