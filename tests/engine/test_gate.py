"""Rates and hours: nothing goes faster, or at other times, than the partner wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon import queue
from pigeon.destinations import resolve
from pigeon.engine import gate
from pigeon.models import DestinationState, Hold, ItemToPush, Pace, Status
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.flows.site import Site

pytestmark = pytest.mark.django_db(databases=["default"])


def stories(number: int, body: str = "") -> None:
    for index in range(number):
        Story.objects.create(title=f"Story {index}", body=body)


def given_away(since: datetime) -> float:
    """Seconds of the endpoint's time that were used up since then, at least."""
    return (Pace.objects.get().free_at - since).total_seconds()


def hours(start: int, end: int) -> str:
    """A window of today that starts and ends so many hours from now."""
    now = datetime.now(UTC)
    times = [f"{now + timedelta(hours=hour):%H:%M}" for hour in (start, end)]
    return f"{times[0]}-{times[1]} UTC"


def test_items_take_the_time_that_the_rate_says(site: Site) -> None:
    site.destination("slow", "dummy://host", rate="50/s")
    site.rule("partner", "slow")
    stories(60)
    since = timezone.now()
    assert site.push().total("pushed") == 60
    assert given_away(since) >= 60 / 50 - 0.001
    assert timezone.now() - since >= timedelta(seconds=59 / 50)


def test_bytes_take_the_time_that_the_rate_says(site: Site) -> None:
    site.destination("slow", "dummy://host", rate="100 kB/s")
    site.rule("partner", "slow")
    stories(4, "x" * 20_000)
    since = timezone.now()
    assert site.push().total("pushed") == 4
    assert given_away(since) >= 0.8


def test_what_cannot_go_soon_is_given_back_and_goes_in_a_later_run(site: Site) -> None:
    site.destination("slow", "dummy://host", rate="1/h")
    site.rule("partner", "slow")
    stories(3)
    assert site.push().total("pushed") == 1
    assert ItemToPush.objects.new().filter(lease_token="", push_attempts=0).count() == 2
    assert not Hold.objects.exists()
    assert site.push().total("pushed") == 0, "another run does not make it faster"
    Pace.objects.update(free_at=timezone.now())
    assert site.push().total("pushed") == 1


def test_after_a_large_file_the_line_is_quiet_for_as_long_as_it_should_have_taken(
    site: Site,
) -> None:
    site.destination("slow", "dummy://host", rate="1 kB/s")
    site.rule("partner", "slow")
    stories(2, "x" * 200_000)
    since = timezone.now()
    assert site.push().total("pushed") == 1
    assert given_away(since) >= 200


def test_a_run_stays_for_what_may_go_soon(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.1)
    site.settings.PIGEON_POLL_INTERVAL = 60
    site.destination("slow", "dummy://host", rate="4/s")
    site.rule("partner", "slow")
    stories(3)
    Pace.objects.create(name=_name("slow"), free_at=timezone.now() + timedelta(seconds=1))
    assert site.push().total("pushed") == 3


def _name(destination: str) -> str:
    from pigeon.models.hold import hold_name

    return hold_name("pace", resolve(destination).endpoint)


def test_what_was_taken_for_nothing_is_given_back(site: Site) -> None:
    site.destination("slow", "dummy://host", rate="10/s")
    site.rule("partner", "slow")
    stories(1)
    site.push()
    [pace] = Pace.objects.all()
    assert pace.free_at < timezone.now() + timedelta(seconds=0.2)


def test_two_destinations_on_one_server_share_its_time(site: Site) -> None:
    for name in ("one", "two"):
        site.destination(name, f"dummy://host/{name}", rate="50/s")
    first, second = resolve("one"), resolve("two")
    assert first.endpoint == second.endpoint
    start = queue.take_time(first, 3, patience=10)
    after = queue.take_time(second, 1, patience=10)
    assert start.is_ours and after.is_ours
    assert after.start == start.start + timedelta(seconds=3)
    late = queue.take_time(first, 1, patience=1)
    assert not late.is_ours and late.start == after.start + timedelta(seconds=1)
    queue.give_time_back(first, start.start, start.start + timedelta(seconds=3))
    assert Pace.objects.get().free_at == late.start, "others come after it"


def test_without_limits_nothing_is_asked(site: Site) -> None:
    site.rule("partner", "dummy://host")
    stories(2)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        site.push()
    assert not [query for query in asked.captured_queries if "pigeon_pace" in query["sql"]]


def test_one_query_serves_many_items(site: Site) -> None:
    site.destination("fast", "dummy://host", rate="1000/s")
    site.rule("partner", "fast")
    stories(50)
    with CaptureQueriesContext(connection) as asked:
        assert site.push().total("pushed") == 50
    taken = [each for each in asked.captured_queries if 'UPDATE "pigeon_pace"' in each["sql"]]
    assert len(taken) <= 3


@pytest.mark.parametrize("option", [{"rate": "fast"}, {"hours": "at night"}])
def test_a_malformed_limit_stops_that_destination_only(site: Site, option: Any) -> None:
    site.destination("wrong", "dummy://host", **option)
    site.rule("partner", "wrong", "dummy://other")
    stories(1)
    summary = site.push()
    assert [sent.destination for sent in dummy.outbox] == ["dummy://other"]
    assert f"Option '{next(iter(option))}' is" in summary.errors[0]


def test_out_of_its_hours_a_destination_gets_nothing(site: Site) -> None:
    site.destination("night", "dummy://host", hours=hours(2, 3))
    site.rule("partner", "night", "dummy://other")
    stories(2)
    summary = site.push()
    assert {sent.destination for sent in dummy.outbox} == {"dummy://other"}
    assert ItemToPush.objects.new().filter(destination="night", lease_token="").count() == 2
    opens = summary.out_of_hours["night"]
    assert timedelta(hours=1) < opens - datetime.now(UTC) <= timedelta(hours=2)
    assert not DestinationState.objects.filter(name="night").exists(), "nothing was claimed"
    site.destination("night", "dummy://host", hours=hours(-1, 1))
    assert site.push().total("pushed") == 2
    assert not site.push().out_of_hours


def test_what_is_under_way_at_closing_time_ends_and_the_rest_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.destination("night", "dummy://host", hours=hours(-1, 1), in_flight=1)
    site.rule("partner", "night")
    stories(5)
    real, sent = dummy.DummySender.send, []

    async def send(self: Any, delivery: Any) -> None:
        sent.append(delivery.title)
        if len(sent) == 2:
            site.destination("night", "dummy://host", hours=hours(2, 3), in_flight=1)
            monkeypatch.setattr(gate, "datetime", _Tomorrow)
        await real(self, delivery)

    monkeypatch.setattr(dummy.DummySender, "send", send)
    summary = site.push()
    assert (summary.total("pushed"), len(sent)) == (2, 2)
    waiting = ItemToPush.objects.filter(status=Status.NEW, lease_token="", push_attempts=0)
    assert waiting.count() == 3


class _Tomorrow(datetime):
    """Six hours later."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) + timedelta(hours=6)
