"""``pigeon_mass_push``: queues one parcel of many."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from pigeon.models import ItemToPush, Status
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_it_queues_and_says_so(run: Run) -> None:
    said = run("pigeon_mass_push daily One")
    item = ItemToPush.objects.get()
    assert (said.status, said.err) == (0, "")
    assert said.out == f"Queued daily One for digest as item {item.pk}.\n"
    assert (item.status, item.arguments) == (Status.NEW, ["One"])
    assert dummy.outbox == []


def test_it_says_so_to_programs(run: Run) -> None:
    said = run("pigeon_mass_push daily One --format json")
    assert said.json == [{"item": ItemToPush.objects.get().pk, "destination": "digest"}]


def test_it_pushes_at_once_if_asked(run: Run) -> None:
    for title in ("One", "Two", "Other"):
        Story.objects.create(title=title)
    said = run("pigeon_mass_push daily O --push")
    assert said.status == 0
    assert said.lines[0].startswith("Queued daily O for digest as item ")
    assert said.lines[2].split()[:2] == ["digest", "1"]
    [sent] = dummy.outbox
    assert sent.rule == "daily"
    [content] = sent.files.values()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 2
    assert set(ItemToPush.objects.filter(rule_name="partner").values_list("status")) == {(10,)}


def test_it_fails_as_pushes_do(run: Run) -> None:
    said = run("pigeon_mass_push daily One Two --push --format json")
    assert said.status == 1
    assert "get_items_to_push of rule 'daily' raised ValueError" in said.error
    assert said.json["failed"] == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nobody", "No rule is called 'nobody'. Registered rules: daily, partner."),
        (
            "partner",
            "Rule 'partner' pushes one object at a time. A rule for mass pushes is a subclass of "
            "pigeon.MassPusherConfiguration.",
        ),
    ],
)
def test_what_cannot_be_meant(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_mass_push {line}")
    assert (said.status, said.error) == (1, error)


def test_a_rule_without_destinations(run: Run, settings: Any) -> None:
    settings.PIGEON_PUSH_URLS = {}
    said = run("pigeon_mass_push daily One")
    assert said.status == 1
    assert "has no destination" in said.error
