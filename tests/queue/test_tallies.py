"""Every attempt is counted once, in each period, in the transaction that records it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import ItemToPush, Outcome, Tally
from pigeon.models.attempt import Tried
from pigeon.models.tally import Period, start_of
from pigeon.parcel import Receipt
from pigeon.queue import Result, clean_tallies, clock, finish, tallies
from tests.queue.making import fail, make, make_many, push, record, take, together

NOW = datetime(2026, 5, 4, 13, 14, 15, tzinfo=UTC)


def tried(outcome: Outcome = Outcome.PUSHED, **facts: Any) -> Tried:
    """What is recorded of an attempt that nobody made."""
    said: dict[str, Any] = dict.fromkeys(Tried._fields, "")
    said |= {"duration": 0.2, "bytes_sent": 10, "outcome": outcome}
    return Tried(**(said | {"destination": "d", "rule_name": "r"} | facts))


def ever(alias: str, **chosen: Any) -> Tally:
    return Tally.objects.using(alias).get(period=Period.EVER, **chosen)


def test_each_period_has_its_stretch(alias: str) -> None:
    tallies.count([tried()], alias, NOW)
    found = dict(Tally.objects.using(alias).values_list("period", "since"))
    assert found == {
        Period.EVER: datetime(1970, 1, 1, tzinfo=UTC),
        Period.MINUTE: datetime(2026, 5, 4, 13, 14, tzinfo=UTC),
        Period.HOUR: datetime(2026, 5, 4, 13, tzinfo=UTC),
        Period.DAY: datetime(2026, 5, 4, tzinfo=UTC),
    }


def test_what_is_counted_is_added(alias: str) -> None:
    tallies.count([tried(), tried(bytes_sent=2**40)], alias, NOW)
    tallies.count([tried(Outcome.RETRY, duration=7.0)], alias, NOW)
    tallies.count([tried(Outcome.FAILED), tried(Outcome.CANCELLED)], alias, NOW)
    tallies.count([tried(Outcome.LEASE_ENDED, duration=900.0)], alias, NOW)
    for period in Period:
        row = Tally.objects.using(alias).get(period=period)
        assert (row.pushed, row.retried, row.failed) == (2, 1, 1)
        assert (row.cancelled, row.recovered) == (1, 1)
        assert row.bytes_sent == 2**40 + 50
        assert row.seconds == pytest.approx(0.8 + 907)
        assert (row.took_100ms, row.took_500ms, row.took_30s, row.took_300s) == (0, 4, 1, 0)


def test_destinations_and_rules_have_their_own(alias: str) -> None:
    tallies.count([tried(), tried(rule_name="s"), tried(destination="e")], alias, NOW)
    rows = Tally.objects.using(alias).filter(period=Period.EVER)
    assert set(rows.values_list("destination", "rule_name", "pushed")) == {
        ("d", "r", 1), ("d", "s", 1), ("e", "r", 1),
    }  # fmt: skip


def test_a_batch_is_one_statement(alias: str) -> None:
    with CaptureQueriesContext(connections[alias]) as queries:
        tallies.count([tried(destination=f"d{number}") for number in range(9)], alias, NOW)
    assert len(queries) == 1
    with CaptureQueriesContext(connections[alias]) as queries:
        tallies.count([], alias, NOW)
    assert len(queries) == 0


def test_what_is_recorded_is_counted(alias: str) -> None:
    make_many(alias, range(3))
    receipts = (
        Receipt("a", "/a", 100, "0" * 64, "rename", "size"),
        Receipt("b", "/b", 900, "0" * 64, "found", "size"),
    )
    first, second, third = take(alias)
    results = [Result(first, Outcome.PUSHED, receipts=receipts, duration=2.0)]
    finish(results, owner="worker", using=alias)
    fail(alias, [second], 60)
    record(alias, [third], None)
    row = ever(alias)
    assert (row.pushed, row.retried, row.failed, row.bytes_sent) == (1, 1, 0, 100)
    assert (row.destination, row.rule_name) == (first.destination, first.rule_name)
    assert Tally.objects.using(alias).get(period=Period.MINUTE).since > clock(alias) - timedelta(
        hours=1
    )


def test_a_result_that_is_dropped_is_not_counted(alias: str) -> None:
    make(alias)
    items = take(alias)
    ItemToPush.objects.using(alias).update(lease_token="another's")
    push(alias, items)
    assert not Tally.objects.using(alias).exists()


def test_what_a_lost_worker_held_is_counted(alias: str) -> None:
    make(alias)
    take(alias)
    take(alias, now=timezone.now() + timedelta(hours=1))
    row = ever(alias)
    assert (row.recovered, row.pushed) == (1, 0)


def test_rows_are_taken_in_one_order(alias: str) -> None:
    tallies.count([tried(destination=d, rule_name=r) for d in "bca" for r in "sr"], alias, NOW)
    rows = Tally.objects.using(alias).order_by("pk")
    keys = list(rows.values_list("period", "since", "destination", "rule_name"))
    assert keys == sorted(keys)


def test_nothing_is_written_after_them(alias: str) -> None:
    def last_written(job: Any) -> str:
        with CaptureQueriesContext(connections[alias]) as queries:
            job()
        words = [query["sql"].split(None, 3) for query in queries]
        written = [line for line in words if line[0] in ("INSERT", "UPDATE", "DELETE")]
        return str(written[-1][2])

    make_many(alias, range(2))
    _lost, *items = take(alias)
    assert "pigeon_tally" in last_written(lambda: push(alias, items))
    later = timezone.now() + timedelta(hours=1)
    assert "pigeon_tally" in last_written(lambda: take(alias, now=later))


@pytest.mark.django_db(transaction=True)
def test_workers_lose_nothing_and_never_block_each_other(alias: str) -> None:
    from django.db import transaction

    def work(names: list[str]) -> Any:
        def job() -> None:
            for _ in range(20):
                with transaction.atomic(using=alias):
                    some = [tried(destination=name) for name in names]
                    tallies.count(some, alias, NOW)

        return job

    names = [f"d{number}" for number in range(8)]
    together(work(names), work(names[::-1]), work(names[3:] + names[:3]))
    rows = Tally.objects.using(alias)
    assert set(rows.values_list("pushed", flat=True)) == {60}
    assert rows.count() == len(names) * len(Period)


def test_minutes_and_hours_are_cleaned(alias: str) -> None:
    day = timedelta(days=1)
    for age in (0 * day, 2 * day, 70 * day):
        tallies.count([tried()], alias, NOW - age)
    assert clean_tallies(alias, NOW) == 3
    kept = Tally.objects.using(alias).values_list("period", flat=True)
    assert sorted(kept) == [Period.EVER, Period.MINUTE, *[Period.HOUR] * 2, *[Period.DAY] * 3]
    assert ever(alias).pushed == 3


def test_without_time_zones(alias: str, settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Tokyo"
    assert start_of(Period.HOUR, datetime(2026, 5, 4, 13, 14)) == datetime(2026, 5, 4, 4)
    settings.USE_TZ = True
    assert start_of(Period.HOUR, NOW) == datetime(2026, 5, 4, 13, tzinfo=UTC)
