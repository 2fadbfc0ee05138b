"""Limits of one server hold over several processes and over two destinations on it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon.models import ItemToPush, Pace
from pigeon.queue import clock
from tests.apps.newsroom.models import Story
from tests.engine.logged import events, most
from tests.flows.site import Site
from tests.flows.worker import Orders, wait_until, worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NUMBER, WORKERS = 60, 3


@pytest.fixture
def push(site: Site, alias: str) -> Any:
    """Push to two destinations on one server with some workers; the log of what was done."""

    def push(batch: int, **options: Any) -> Path:
        log = site.folder / "log"
        options = {"log": str(log), **options}
        places = {
            name: {"URL": f"logged://host/{name}", "OPTIONS": options} for name in ("one", "two")
        }
        site.settings.PIGEON_SENDERS = ["tests.engine.logged.Logged"]
        site.settings.PIGEON_DESTINATIONS = places
        site.rule("partner", *places)
        Story.objects.using(alias).bulk_create(Story(title=str(n)) for n in range(NUMBER))
        settings = {
            "SENDERS": site.settings.PIGEON_SENDERS,
            "DESTINATIONS": places,
            "BATCH_SIZE": batch,
            "POLL_INTERVAL": 0.1,
        }
        forever = {"forever": True}
        orders = Orders(str(site.folder), "", {}, alias, settings, forever, to=list(places))
        left = ItemToPush.objects.using(alias).unfinished()
        with ExitStack() as stack:
            workers = [stack.enter_context(worker(orders)) for _ in range(WORKERS)]
            pigeon.enqueue(Story.objects.using(alias), "partner")  # now that all are there
            wait_until(lambda: not left.exists(), seconds=120)
            for each in workers:
                each.terminate()
            said = [each.communicate(timeout=60)[0] for each in workers]
        done = events(log, "end")
        assert len(done) == 2 * NUMBER, said
        assert {event[2] for event in done} == {"one", "two"}
        assert len({event[3] for event in done}) > 1, "one process did it all"
        return log

    return push


def test_connections_and_deliveries_in_flight(push: Any) -> None:
    log = push(batch=3, connections=3, in_flight=3, seconds=0.1)
    assert most(log, "open", "close") <= 3
    assert most(log, "begin", "end") <= 9


def test_a_rate(push: Any, alias: str) -> None:
    before, since = clock(alias), time.monotonic()
    log = push(batch=10, rate="60/s", connections=6, in_flight=10, seconds=0.01)
    [pace] = Pace.objects.using(alias).all()
    assert (pace.free_at - before).total_seconds() >= 2 * NUMBER / 60 - 0.01
    # Each delivery has a time of its own that was given to nobody else, and is never early.
    for number, (at, *_) in enumerate(events(log, "begin")):
        assert at - since >= number / 60 - 0.01
