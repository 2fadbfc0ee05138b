"""What people say while ``pigeon_push --forever`` runs, from shells of their own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import ItemToPush, Operation, Status
from pigeon.queue import add
from tests.apps.newsroom.models import Story
from tests.management.processes import PATIENCE, command, environment, started, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NAMES = ("beloved", "archive")


@pytest.fixture
def environ(alias: str, tmp_path: Path) -> dict[str, str]:
    destinations = {name: {"URL": (tmp_path / name).as_uri()} for name in NAMES}
    site: dict[str, Any] = {"DESTINATIONS": destinations, "PUSH_URLS": {"partner": list(NAMES)}}
    return {**environment(tmp_path, alias, POLL_INTERVAL=0.1, **site), "LOGNAME": "ann"}


@contextmanager
def worker(environ: dict[str, str]) -> Iterator[None]:
    """A worker that stays until the end of the block, and then ends in order."""
    with started(command("pigeon_push", "--forever"), environ) as process:
        yield
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err


def say(environ: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        command(*words), env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def queue(alias: str, title: str) -> dict[str, ItemToPush]:
    """One story's items, by destination."""
    story = Story.objects.using(alias).create(title=title)
    items = [
        ItemToPush(
            rule_name="partner", destination=name, model_label="newsroom.story",
            object_id=str(story.pk), title=title,
        )
        for name in NAMES
    ]  # fmt: skip
    add(items, alias)
    return {item.destination: item for item in items}


def is_pushed(item: ItemToPush) -> bool:
    item.refresh_from_db()
    return item.status == Status.PUSHED


def test_a_pause_holds_back_one_destination_until_it_is_resumed(
    alias: str, environ: dict[str, str], tmp_path: Path
) -> None:
    with worker(environ):
        before = queue(alias, "before")
        wait_until(lambda: all(map(is_pushed, before.values())))
        assert "paused by ann" in say(environ, "pigeon_pause", "beloved", "--reason", "they move")
        for title in ("first", "second"):
            meanwhile = queue(alias, title)
            wait_until(lambda items=meanwhile: is_pushed(items["archive"]))  # type: ignore[misc]
            assert not is_pushed(meanwhile["beloved"])
        assert len(list((tmp_path / "beloved").iterdir())) == 1
        say(environ, "pigeon_resume", "beloved")
        wait_until(lambda: not ItemToPush.objects.using(alias).unfinished().exists())
    assert len(list((tmp_path / "beloved").iterdir())) == 3


def test_what_is_sent_again_goes_with_the_worker_that_runs(
    alias: str, environ: dict[str, str], tmp_path: Path
) -> None:
    with worker(environ):
        items = queue(alias, "story")
        wait_until(lambda: all(map(is_pushed, items.values())))
        for path in (tmp_path / "beloved").iterdir():
            path.unlink()  # their disk was full
        said = say(environ, "pigeon_retry", "--destination", "beloved", "--since", "1h")
        assert said.startswith("1 item goes again")
        wait_until(lambda: is_pushed(items["beloved"]))
        wait_until(lambda: any((tmp_path / "beloved").iterdir()))
    assert items["beloved"].attempts.count() == 2
    assert items["archive"].attempts.count() == 1
    assert Operation.objects.using(alias).get().actor == "ann"
