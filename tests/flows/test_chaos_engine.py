"""Faults inside the engine itself: nothing hangs, nothing starves, nothing is forgotten."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from pigeon import engine, queue
from pigeon.engine import slots
from pigeon.engine.context import Context
from pigeon.engine.run import apush
from pigeon.exceptions import LeaseLost, ParcelDamaged, Unreachable
from pigeon.models import DestinationState, Hold, ItemToPush, Publication, Status
from pigeon.senders import dummy
from pigeon.senders.base import Delivery, SyncSender
from pigeon.senders.registry import register_sender, unregister_sender
from tests.apps.newsroom.models import Story
from tests.flows.site import Site, isolated

pytestmark = pytest.mark.django_db(databases=["default"])


class Odd(dummy.DummySender):
    """The dummy sender, with a script that may raise or wait first."""

    schemes = ("odd",)
    script: ClassVar[Any] = None

    async def send(self, delivery: Delivery) -> None:
        if Odd.script is not None:
            answer = Odd.script(delivery)
            if asyncio.iscoroutine(answer):
                await answer
        await super().send(delivery)


@pytest.fixture(autouse=True)
def odd() -> Iterator[type[Odd]]:
    Odd.script = None
    register_sender(Odd)
    yield Odd
    unregister_sender(Odd)


def raising(error: Exception, times: int = 1) -> Any:
    left = [error] * times

    def script(delivery: Delivery) -> None:
        if left:
            raise left.pop()

    return script


def push_in_time(site: Site, seconds: float = 30, **options: Any) -> engine.Summary:
    """One run that must end; it is an error if it does not."""

    async def run() -> engine.Summary:
        async with asyncio.timeout(seconds):
            return await apush(engine.Options(**options))

    return async_to_sync(run)()


def refusing(monkeypatch: Any, owner: Any, name: str, error: Exception, times: int = 1) -> None:
    """Let ``owner.name`` raise the first ``times`` times."""
    real, left = getattr(owner, name), [error] * times

    def call(*args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop()
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)


@pytest.mark.parametrize("error", [OperationalError("locked"), InterfaceError("closed")])
def test_a_destinations_failure_that_cannot_be_written_hangs_nothing(
    site: Site, odd: type[Odd], monkeypatch: Any, error: Exception
) -> None:
    site.rule("partner", "odd://host")
    for number in range(5):
        Story.objects.create(title=str(number))
    odd.script = raising(Unreachable("Gone."))
    refusing(monkeypatch, queue, "destination_failed", error)
    push_in_time(site)
    push_in_time(site, retry_now=True)
    assert ItemToPush.objects.pushed().count() == 5
    assert not Hold.objects.exists()


def test_results_that_cannot_be_written_end_the_lane_and_its_leases(
    site: Site, odd: type[Odd], monkeypatch: Any, settings: Any
) -> None:
    """A full queue, so that nobody but the recorder's own task writes in between."""
    settings.PIGEON_BATCH_SIZE = 2
    site.rule("partner", "odd://host")
    for number in range(40):
        Story.objects.create(title=str(number))

    async def slowly(delivery: Delivery) -> None:
        await asyncio.sleep(0.02)

    odd.script = slowly
    monkeypatch.setattr("pigeon.engine.recorder.WAITS", (0.01,))
    refusing(monkeypatch, queue, "finish", OperationalError("locked"), times=2)
    summary = push_in_time(site)
    assert summary.errors
    lost = ItemToPush.objects.in_progress()
    assert lost.count() <= 8, "the lane went on as if nothing had been"
    lost.update(lease_until=timezone.now())
    push_in_time(site)
    assert ItemToPush.objects.pushed().count() == 40


def test_renewing_survives_a_closed_connection(
    site: Site, odd: type[Odd], monkeypatch: Any, settings: Any
) -> None:
    settings.PIGEON_LEASE_DURATION = 0.6
    site.rule("partner", "odd://host")
    Story.objects.create(title="slow")

    async def slowly(delivery: Delivery) -> None:
        await asyncio.sleep(1.5)
        item = await sync_to_async(ItemToPush.objects.get)()
        assert item.lease_until is not None
        assert item.lease_until > timezone.now()

    odd.script = slowly
    refusing(monkeypatch, queue, "renew", InterfaceError("connection already closed"))
    push_in_time(site)
    assert site.item().status == Status.PUSHED, site.item().message


def test_progress_that_raises_stops_nothing(site: Site) -> None:
    site.rule("partner", "dummy://")
    for number in range(3):
        Story.objects.create(title=str(number))

    def progress(destination: str, results: object) -> None:
        raise BrokenPipeError

    summary = engine.push(engine.Options(), progress)
    assert summary.total("pushed") == 3 and not summary.errors


def test_a_limit_counts_over_destinations(site: Site) -> None:
    site.rule("partner", "dummy://one", "dummy://two", "dummy://three")
    for number in range(5):
        Story.objects.create(title=str(number))
    assert site.push(limit=7).total("pushed") == 7


def test_a_limit_that_one_destination_leaves_goes_to_the_next(site: Site) -> None:
    site.rule("partner", "dummy://one", "dummy://two", "dummy://three")
    for number in range(5):
        Story.objects.create(title=str(number))
    assert site.push(limit=14).total("pushed") == 14


def test_a_slot_lost_meanwhile_gives_the_batch_back(
    site: Site, odd: type[Odd], monkeypatch: Any
) -> None:
    """As when the worker is stopped between claim and connecting."""
    site.rule("partner", "odd://host")
    Story.objects.create(title="one")
    real, calls = slots.take_slots, []

    def take(*args: Any) -> set[str]:
        calls.append(args)
        return real(*args) if len(calls) != 2 else set()

    monkeypatch.setattr(slots, "take_slots", take)
    monkeypatch.setattr("pigeon.engine.lane.lasts_until", lambda *args: 0.0)
    push_in_time(site)
    assert len(calls) == 2
    assert site.item().status == Status.NEW
    push_in_time(site)
    assert site.item().status == Status.PUSHED
    assert site.item().push_attempts == 1


def test_one_slot_is_taken_once(site: Site, monkeypatch: Any) -> None:
    """A lane that needs one connection asks the database no second time for it."""
    site.rule("partner", "dummy://")
    Story.objects.create(title="one")
    real, calls = slots.take_slots, []

    def take(*args: Any) -> set[str]:
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(slots, "take_slots", take)
    assert push_in_time(site).total("pushed") == 1
    assert sum(args[3] == 1 for args in calls) == len(calls) == 1


def test_a_database_error_after_the_claim_gives_the_batch_back(
    site: Site, monkeypatch: Any
) -> None:
    site.destination("narrow", "dummy://", in_flight=1, connections=2)
    site.rule("partner", "narrow")
    for title in ("one", "two"):
        Story.objects.create(title=title)
    real, calls = slots.take_slots, []

    def take(*args: Any) -> set[str]:
        calls.append(args)
        if len(calls) == 2:
            raise OperationalError("locked")
        return real(*args)

    monkeypatch.setattr(slots, "take_slots", take)
    assert push_in_time(site).errors
    assert {item.status for item in ItemToPush.objects.all()} == {Status.NEW}


def test_a_parcel_that_is_damaged_again_and_again_ends_the_item(
    site: Site, odd: type[Odd], settings: Any
) -> None:
    settings.PIGEON_MAX_PUSH_ATTEMPTS = 3
    site.rule("partner", "odd://host")
    Story.objects.create(title="one")
    odd.script = raising(ParcelDamaged("Bits."), times=10_000)
    for _ in range(4):
        push_in_time(site)
        site.later(hours=1)
    assert site.item().status == Status.SEND_ERROR
    assert len(site.attempts()) == 3


def test_a_clock_that_was_set_back_renders_anew_once(site: Site) -> None:
    site.rule("partner", "dummy://")
    story = Story.objects.create(title="one")
    site.push()
    Publication.objects.update(rendered_at=timezone.now() + timedelta(hours=1))
    story.title = "two"
    story.save()
    summary = push_in_time(site)
    assert summary.total("pushed") == 1 and not summary.errors
    assert b"two" in next(iter(dummy.outbox[-1].files.values()))


def test_what_another_object_publishes_meanwhile_is_not_removed(
    site: Site, tmp_path: Path
) -> None:
    site.rule(
        "partner",
        f"file://{tmp_path}/in",
        push_deletions="remove",
        get_filename=lambda self, instance: f"{instance.title}.xml",
    )
    old = Story.objects.create(title="name", body="old")
    site.push()
    old.title = "other"
    other = Story(title="name", body="new")
    other.save()
    old.save()
    push_in_time(site)
    push_in_time(site)
    files = {path.name: path.read_text() for path in (tmp_path / "in").iterdir()}
    assert sorted(files) == ["name.xml", "other.xml"]
    assert "new" in files["name.xml"]
    assert set(Publication.objects.values_list("path", "object_id")) == {
        ("name.xml", str(other.pk)),
        ("other.xml", str(old.pk)),
    }


def run_forever(site: Site, until: Any, seconds: float = 15, **options: Any) -> engine.Summary:
    """A worker that stays, told to end when ``until()`` is true; an error if it never is."""
    came: list[bool] = []
    contexts: list[Context] = []

    def remember(*args: Any) -> Context:
        contexts.append(Context(*args))
        return contexts[-1]

    async def run() -> engine.Summary:
        task = asyncio.create_task(apush(engine.Options(forever=True, **options)))
        end = time.monotonic() + seconds
        while time.monotonic() < end and not came and not task.done():
            await asyncio.sleep(0.05)
            if until():
                came.append(True)
        contexts[0].stopping.set()
        return await task

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pigeon.engine.run.Context", remember)
        summary = async_to_sync(run)()
    assert came, "it never came true"
    return summary


def test_a_closed_destination_first_in_line_starves_no_other_for_ever(
    site: Site, odd: type[Odd], settings: Any
) -> None:
    settings.PIGEON_POLL_INTERVAL = 0.2
    site.rule("partner", "odd://dead", "dummy://")
    Story.objects.create(title="one")
    DestinationState.objects.create(
        name="odd://dead", failures=1, next_probe=timezone.now() + timedelta(hours=1)
    )
    run_forever(site, lambda: bool(dummy.outbox), concurrency=1)


def test_a_closed_destination_is_not_asked_again_and_again(
    site: Site, odd: type[Odd], settings: Any, monkeypatch: Any
) -> None:
    settings.PIGEON_POLL_INTERVAL = 0.3
    site.rule("partner", "odd://dead")
    Story.objects.create(title="one")
    DestinationState.objects.create(
        name="odd://dead", failures=1, next_probe=timezone.now() + timedelta(hours=1)
    )
    looks, claims = [], []
    real, with_work = queue.claim, queue.with_work

    def claim(*args: Any, **kwargs: Any) -> Any:
        claims.append(args)
        return real(*args, **kwargs)

    def look(*args: Any) -> set[str]:
        looks.append(time.monotonic())
        return with_work(*args)

    monkeypatch.setattr(queue, "claim", claim)
    monkeypatch.setattr(queue, "with_work", look)
    run_forever(site, lambda: bool(looks) and time.monotonic() > looks[0] + 1.5)
    assert 2 <= len(looks) <= 8 and not claims


def test_a_worker_that_stays_survives_a_database_that_does_not_answer(
    site: Site, settings: Any, monkeypatch: Any
) -> None:
    settings.PIGEON_POLL_INTERVAL = 0.1
    site.rule("partner", "dummy://")
    Story.objects.create(title="one")
    refusing(monkeypatch, queue, "with_work", OperationalError("gone"), times=3)
    run_forever(site, lambda: bool(dummy.outbox))


def test_a_cancelled_run_finishes_what_is_in_flight(site: Site, odd: type[Odd]) -> None:
    site.rule("partner", "odd://host")
    for number in range(3):
        Story.objects.create(title=str(number))
    begun = asyncio.Event()

    async def slowly(delivery: Delivery) -> None:
        begun.set()
        await asyncio.sleep(0.3)

    odd.script = slowly

    async def run() -> None:
        task = asyncio.create_task(apush(engine.Options()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async_to_sync(run)()
    assert not ItemToPush.objects.in_progress().exists()
    assert ItemToPush.objects.pushed().count() == len(dummy.outbox) > 0
    assert not Hold.objects.exists()


class Hung(SyncSender):
    """A user's own sender that never comes back."""

    schemes = ("hung",)
    release = threading.Event()

    def send(self, delivery: Delivery) -> None:
        Hung.release.wait(60)


def test_own_senders_that_hang_hold_up_no_local_folder(site: Site, tmp_path: Path) -> None:
    register_sender(Hung)
    hung = [f"hung://host{number}" for number in range(40)]
    site.rule("hangs", *hung)
    site.rule("goes", f"file://{tmp_path}/in")
    Story.objects.create(title="one")

    def arrived() -> bool:
        if (tmp_path / "in").exists() and list((tmp_path / "in").glob("*.xml")):
            Hung.release.set()
            return True
        return False

    try:
        run_forever(site, arrived, concurrency=60)
    finally:
        Hung.release.set()
        unregister_sender(Hung)


def test_many_destinations_cost_no_more_each_than_few(site: Site, monkeypatch: Any) -> None:
    asked: list[int] = []
    real = queue.with_work

    def with_work(destinations: Any, using: str) -> set[str]:
        asked.append(len(destinations))
        return real(destinations, using)

    monkeypatch.setattr(queue, "with_work", with_work)

    def questions(number: int) -> float:
        asked.clear()
        with isolated():
            site.rule("partner", *[f"dummy://{number}-{each}" for each in range(number)])
            Story.objects.create(title="one")
            assert site.push(concurrency=4).total("pushed") == number
        return len(asked) / number

    # How many lanes end between two looks differs from run to run.
    assert questions(120) < 3 and questions(20) < 3


def test_ended_holds_do_not_pile_up(site: Site) -> None:
    site.rule("partner", "dummy://")
    Story.objects.create(title="one")
    Hold.objects.create(name="killed", token="killed", until=timezone.now() - timedelta(days=1))
    site.push()
    assert not Hold.objects.exists()


def test_a_lane_that_fails_gives_back_nothing_that_has_a_result(
    site: Site, odd: type[Odd], monkeypatch: Any, settings: Any
) -> None:
    settings.PIGEON_BATCH_SIZE = 2
    site.rule("partner", "odd://host", get_filename=lambda self, instance: instance.title)
    Story.objects.create(title="..")  # refused before it is sent
    Story.objects.create(title="lost")
    odd.script = raising(LeaseLost("Taken."))
    real_claim, claims, named = queue.claim, [], []
    real_finish = queue.finish

    def claim(*args: Any, **kwargs: Any) -> Any:
        claims.append(args)
        if len(claims) == 2:
            raise OperationalError("locked")
        return real_claim(*args, **kwargs)

    def finish(results: Any, **kwargs: Any) -> Any:
        named.append([result.item.pk for result in results])
        return real_finish(results, **kwargs)

    monkeypatch.setattr(queue, "claim", claim)
    monkeypatch.setattr(queue, "finish", finish)
    push_in_time(site)
    assert named
    assert all(len(set(pks)) == len(pks) for pks in named)
