"""``pigeon_pause`` and ``pigeon_resume``: nothing goes, then it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Operation
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture(autouse=True)
def _ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")


def test_nothing_goes_while_it_is_paused(run: Run) -> None:
    said = run("pigeon_pause beloved --reason 'they move house'")
    assert said.out.startswith("beloved: paused by ann since 2")
    assert said.out.endswith(": they move house\n")
    Story.objects.create(title="One")
    assert run("pigeon_push").status == 0
    assert run("pigeon_push --retry-now").status == 0
    assert dummy.outbox == []
    assert "paused by ann" in run("pigeon_push --dry-run").out
    assert run("pigeon_resume beloved").out == "beloved goes on with the next push.\n"
    run("pigeon_push")
    assert len(dummy.outbox) == 1
    assert list(Operation.objects.order_by("pk").values_list("actor", "verb", "destination")) == [
        ("ann", "paused", "beloved"),
        ("ann", "resumed", "beloved"),
    ]


def test_other_destinations_go_on(run: Run) -> None:
    run("pigeon_pause digest")
    Story.objects.create(title="One")
    run("pigeon_push")
    assert len(dummy.outbox) == 1


def test_who_paused_first_is_remembered(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("pigeon_pause beloved --reason first")
    monkeypatch.setenv("LOGNAME", "bob")
    said = run("pigeon_pause beloved digest --format json").json
    assert [(row["destination"], row["paused_by"], row["paused_reason"]) for row in said] == [
        ("beloved", "ann", "first"),
        ("digest", "bob", ""),
    ]


def test_a_stopped_destination_is_tried_at_once(run: Run) -> None:
    Story.objects.create(title="One")
    later = timezone.now() + timedelta(hours=1)
    DestinationState.objects.create(
        name="beloved", failures=3, next_probe=later, stopped_reason="login refused"
    )
    ItemToPush.objects.update(status=30, next_attempt_date=later)
    run("pigeon_push")
    assert dummy.outbox == []
    assert run("pigeon_resume beloved").out == "beloved goes on with the next push.\n"
    run("pigeon_push")
    assert len(dummy.outbox) == 1


def test_what_was_not_at_rest(run: Run) -> None:
    assert run("pigeon_resume beloved").out == "beloved was neither paused, failing nor stopped.\n"
    said = run("pigeon_resume beloved --format json").json
    assert said == [{"destination": "beloved", "was_at_rest": False}]
    assert not Operation.objects.exists()


@pytest.mark.parametrize("command", ["pigeon_pause", "pigeon_resume"])
def test_nobody_pauses_what_does_not_exist(run: Run, command: str) -> None:
    said = run(f"{command} beloved belovd")
    assert said.status == 1
    assert said.error == "There is no destination 'belovd'. Known names: beloved, digest."
    assert not DestinationState.objects.exclude(paused_date=None).exists()


def test_a_destination_that_is_gone_can_be_resumed(run: Run, settings: Any) -> None:
    run("pigeon_pause beloved")
    settings.PIGEON_PUSH_URLS = {}
    settings.PIGEON_DESTINATIONS = {}
    assert run("pigeon_resume beloved").status == 0
    assert not DestinationState.objects.get().is_paused
