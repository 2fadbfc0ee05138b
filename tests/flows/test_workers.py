"""Workers that are killed, stopped or asked to end at any moment."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

import pigeon
from pigeon.models import Hold, ItemToPush, PushAttempt, Status
from tests.apps.newsroom.models import Story
from tests.flows.site import Site, xml
from tests.flows.worker import Orders, wait_until, worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def orders(site: Site, sshd: Any, alias: str) -> Orders:
    folder = sshd.folder(f"workers-{random.getrandbits(40)}")
    url, options = sshd.url(folder.name), sshd.options()
    site.destination("partner", url, **options)
    site.rule("partner", "partner")
    return Orders(str(site.folder), url, options, alias)


def landed(orders: Orders, sshd: Any) -> dict[str, bytes]:
    folder = Path(sshd.root) / orders.url.rsplit("/", 1)[1]
    found = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # a temporary file got its final name meanwhile
            found[path.name] = path.read_bytes()
    return found


def expected(alias: str) -> dict[str, bytes]:
    stories = Story.objects.using(alias)
    return {f"newsroom_story_{story.pk}.xml": xml(story) for story in stories}


def queue_stories(alias: str, number: int) -> None:
    Story.objects.using(alias).bulk_create(
        Story(title=f"Story {index}", body="text " * 400) for index in range(number)
    )
    pigeon.enqueue(Story.objects.using(alias), "partner")


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.35, 0.5])
def test_kill_9_at_any_moment_loses_nothing(
    site: Site, sshd: Any, orders: Orders, alias: str, moment: float
) -> None:
    queue_stories(alias, 400)
    orders.settings["LEASE_DURATION"] = 3
    with worker(orders) as process:
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    whole = expected(alias)
    for name, content in landed(orders, sshd).items():
        assert name.startswith(".") or content == whole[name]
    orders.settings["LEASE_DURATION"] = 120
    wait_until(lambda: not _leased(alias))
    with worker(orders) as process:
        output, _ = process.communicate(timeout=120)
    items = ItemToPush.objects.using(alias)
    assert items.pushed().count() == 400, output
    assert landed(orders, sshd) == whole
    killed = PushAttempt.objects.using(alias).filter(outcome="lease ended")
    assert all("stopped without a word" in attempt.message for attempt in killed)


def _leased(alias: str) -> bool:
    """Whether anybody still has items, or the endpoint's connection slot."""
    now = timezone.now()
    items = ItemToPush.objects.using(alias).in_progress().filter(lease_until__gt=now)
    return items.exists() or Hold.objects.using(alias).filter(until__gt=now).exists()


def stop(process: subprocess.Popen[str], alias: str) -> None:
    """Stop a worker, but on SQLite not while it writes: nobody else could write then."""
    for _ in range(200):
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)  # until each of its threads has stopped
        if not _writes(alias):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.003)
    raise AssertionError("the worker wrote at each moment")


def _writes(alias: str) -> bool:
    """Whether somebody holds SQLite's lock for writing."""
    if connections[alias].vendor != "sqlite":
        return False
    path = connections[alias].settings_dict["NAME"]
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as probe:
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def test_a_worker_that_was_stopped_for_longer_than_its_lease_publishes_nothing_old(
    site: Site, sshd: Any, orders: Orders, alias: str
) -> None:
    queue_stories(alias, 300)
    orders.settings["LEASE_DURATION"] = 2
    with worker(orders) as old:
        wait_until(lambda: len(landed(orders, sshd)) > 5)
        stop(old, alias)
        wait_until(lambda: not _leased(alias))
        for story in Story.objects.using(alias):
            story.body = "new " * 300
            story.save(using=alias)
        orders.settings["LEASE_DURATION"] = 120
        whole = expected(alias)
        for _ in range(20):  # as cron would: the old one may have been stopped with a lock
            with worker(orders) as new:
                output, _ = new.communicate(timeout=120)
            if landed(orders, sshd).items() >= whole.items():
                break
        assert landed(orders, sshd).items() >= whole.items(), output
        old.send_signal(signal.SIGCONT)
        output, _ = old.communicate(timeout=120)
    assert {n: c for n, c in landed(orders, sshd).items() if n[0] != "."} == whole, output
    assert not ItemToPush.objects.using(alias).unfinished().exists()


def test_sigterm_finishes_what_is_in_flight_and_gives_back_the_rest(
    site: Site, sshd: Any, orders: Orders, alias: str
) -> None:
    queue_stories(alias, 600)
    with worker(orders) as process:
        wait_until(lambda: len(landed(orders, sshd)) > 5)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    items = ItemToPush.objects.using(alias)
    assert not items.in_progress().exists()
    assert items.exclude(status__in=(Status.NEW, Status.PUSHED)).count() == 0
    assert 0 < items.pushed().count() < 600
    assert len(landed(orders, sshd)) == items.pushed().count()


def test_two_workers_at_once_push_everything_once(
    site: Site, sshd: Any, orders: Orders, alias: str
) -> None:
    queue_stories(alias, 300)
    orders.options["connections"] = 2
    with worker(orders) as one, worker(orders) as other:
        outputs = [process.communicate(timeout=120)[0] for process in (one, other)]
    assert ItemToPush.objects.using(alias).pushed().count() == 300, outputs
    assert PushAttempt.objects.using(alias).count() == 300
    assert landed(orders, sshd) == expected(alias)
