"""An item's story: each thing that happened, in the order of time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from pigeon.models import ItemToPush, Operation, OperationItem, Outcome, Parcel, Status
from pigeon.models.operation import Door, Verb
from pigeon.overview import story as module
from pigeon.overview.story import Kind, story
from tests.apps.newsroom.models import Story
from tests.overview.test_search import NOW, attempt, item

STEPS = [[0.0, "Connected."], [0.25, "The partner's disk is full."]]


def operate(of: ItemToPush, *, age: float, **values: Any) -> None:
    alias = of._state.db
    facts: dict[str, Any] = {"actor": "ada", "door": Door.COMMAND, "verb": Verb.SENT_AGAIN}
    facts |= {"moment": NOW - timedelta(minutes=age)}
    done = Operation.objects.using(alias).create(**(facts | values))
    OperationItem.objects.using(alias).create(operation=done, item=of)


def test_all_that_happened_in_order(alias: str) -> None:
    object_ = Story.objects.using(alias).create(title="One")
    manifest = {
        "files": [
            {"path": "a.xml", "size": 3, "sha256": "aa"},
            {"path": "film.bin", "size": 9, "sha256": "", "modified_ns": 1},
        ],
        "left_out": [{"path": "b.xml", "reason": "No headline."}],
        "rendered_at": NOW.isoformat(),
    }
    parcel = Parcel.objects.using(alias).create(
        rule_name="partner", event_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8", directory="x",
        manifest=manifest, rendered_at=NOW - timedelta(minutes=50),
    )  # fmt: skip
    one = item(
        alias, object_.pk, age=60, parcel=parcel, actor="grace", action="updated",
        changed_fields=["title"], status=Status.PUSHED, pushed_date=NOW,
    )  # fmt: skip
    attempt(one, age=40, error_class="TransientError", message="452", transcript=STEPS)
    operate(one, age=30, chosen="destination beloved", number=7, detail="forced")
    attempt(one, age=20, outcome=Outcome.PUSHED, receipts=[{"path": "a.xml"}])
    told = story(one)
    assert [event.kind for event in told.events] == [
        Kind.SAVED, Kind.RENDERED, Kind.ATTEMPT, Kind.OPERATION, Kind.ATTEMPT,
    ]  # fmt: skip
    saved, rendered, failed, again, arrived = told.events
    assert saved.heading == "Updated by grace"
    assert "Changed fields: title." in saved.notes
    assert rendered.notes == (
        "a.xml: 3 bytes, SHA-256 aa",
        "film.bin: 9 bytes, SHA-256 not known yet",
        "Left out: b.xml: No headline.",
    )
    assert failed.is_bad
    assert failed.heading == "Attempt at beloved: failed, will be tried again"
    assert failed.notes[0] == "TransientError: 452"
    assert failed.transcript == [(0.0, "Connected."), (0.25, "The partner's disk is full.")]
    assert again.heading == "Sent again as sent by ada (command line)"
    assert again.notes == ("Chosen: destination beloved", "7 items at once.", "forced")
    assert not arrived.is_bad
    assert arrived.receipts == [{"path": "a.xml"}]
    assert told.rules is not None
    assert told.rules.title == "One"
    assert not told.more


def test_an_operation_of_nobody_that_is_known(alias: str) -> None:
    one = item(alias, 1, age=60)
    operate(one, age=30, actor="")
    assert story(one).events[-1].heading == "Sent again as sent by somebody (command line)"


def test_a_long_story_tells_its_end(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD", 3)
    one = item(alias, 1, age=60)
    for age in range(5):
        attempt(one, age=age, message=f"{age} minutes ago")
    told = story(one)
    notes = [event.notes[0] for event in told.events if event.kind == Kind.ATTEMPT]
    assert notes == ["2 minutes ago", "1 minutes ago", "0 minutes ago"]
    assert told.more


def test_of_very_many_files_some_are_told(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTED", 2)
    one = item(alias, 1, age=60)
    attempt(one, age=1, receipts=[{"path": f"{n}.xml"} for n in range(5)])
    event = story(one).events[-1]
    assert [receipt["path"] for receipt in event.receipts] == ["0.xml", "1.xml"]
    assert "And 3 more receipts." in event.notes


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            Status.SUPERSEDED,
            "Nothing: a newer item took its place, with what this one had to say.",
        ),
        (Status.CANCELLED, "Nothing: it was called off, because: Enough."),
        (Status.SEND_ERROR, "Nothing: it failed for good, because: Enough."),
    ],
)
def test_what_happens_next(alias: str, status: Status, words: str) -> None:
    assert story(item(alias, 1, status=status, message="Enough.")).now.words == words


def test_a_newer_item_is_named(alias: str) -> None:
    one = item(alias, 1, status=Status.SUPERSEDED)
    item(alias, 1, rule_name="daily")
    assert story(one).now.newer is None
    item(alias, 1, status=Status.CANCELLED)
    assert story(one).now.newer is None
    newer = item(alias, 1)
    now = story(one).now
    assert now.newer == newer.pk
    assert f"item {newer.pk} took its place" in now.words


def test_the_number_of_queries_does_not_grow(settings: Any, alias: str) -> None:
    one = item(alias, Story.objects.using(alias).create(title="One").pk)
    counts = []
    for number in (1, 20):
        names = [f"place{n}" for n in range(number)]
        settings.PIGEON_DESTINATIONS = {name: {"URL": f"dummy://{name}"} for name in names}
        settings.PIGEON_PUSH_URLS = {"partner": names}
        with CaptureQueriesContext(connections[alias]) as queries:
            story(one)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11
