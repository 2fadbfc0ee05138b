"""``pigeon_clean_queue`` and ``pigeon_clean_export``: what goes, what stays, what is said."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from pigeon.models import ItemToPush, Parcel, Status, Tally
from pigeon.models.tally import Period
from tests.apps.newsroom.models import Story
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


def item(status: int, days: float) -> None:
    created = timezone.now() - timedelta(days=days)
    ItemToPush.objects.create(
        rule_name="partner", destination="beloved", status=status, creation_date=created
    )


@pytest.fixture
def _items() -> None:
    for days in (31, 1):
        for status in (Status.PUSHED, Status.NEW, Status.SEND_ERROR):
            item(status, days)


def left() -> list[int]:
    return sorted(ItemToPush.objects.values_list("status", flat=True))


@pytest.mark.usefixtures("_items")
@pytest.mark.parametrize(
    ("line", "number", "words"),
    [
        ("", 1, "Deleted 1 finished item"),
        ("--errors", 2, "Deleted 2 finished or failed items"),
        ("--older-than 12h", 2, "Deleted 2 finished items"),
        ("--older-than 5w", 0, "Deleted 0 finished items"),
        ("--older-than 0 --errors", 4, "Deleted 4 finished or failed items"),
    ],
)
def test_old_finished_items_go(run: Run, line: str, number: int, words: str) -> None:
    dry = run(f"pigeon_clean_queue --dry-run {line}")
    assert dry.out.startswith(words.replace("Deleted", "Would delete"))
    assert len(left()) == 6
    said = run(f"pigeon_clean_queue {line}")
    assert said.status == 0
    assert re.fullmatch(rf"{words} from before {DATE}\.\n", said.out)
    assert len(left()) == 6 - number
    assert left().count(Status.NEW) == 2, "what waits stays, however old"


@pytest.mark.usefixtures("_items")
def test_numbers_for_programs(run: Run) -> None:
    said = run("pigeon_clean_queue --dry-run --format json").json
    assert (said["items"], said["dry_run"]) == (1, True)
    assert "before" in said


@pytest.mark.parametrize("command", ["pigeon_clean_queue", "pigeon_clean_export"])
@pytest.mark.parametrize("age", ["month", "-1", "1y", "1.5d", "\uff19d", ""])
def test_a_length_of_time_that_is_none(run: Run, command: str, age: str) -> None:
    said = run(f"{command} --older-than={age}")
    assert said.status == 1
    assert said.error == (
        f"Error: argument --older-than: {age!r} is not a length of time: write a number and s, "
        "m, h, d or w, as in 30d"
    )


def test_old_minutes_of_charts_go(run: Run) -> None:
    old = timezone.now() - timedelta(days=2)
    facts = {"destination": "beloved", "rule_name": "partner", "since": old, "pushed": 1}
    for period in Period:
        Tally.objects.create(period=period, **facts)
    run("pigeon_clean_queue --dry-run")
    assert Tally.objects.count() == len(Period)
    run("pigeon_clean_queue")
    assert set(Tally.objects.values_list("period", flat=True)) == set(Period) - {Period.MINUTE}


def test_quiet_means_quiet(run: Run) -> None:
    assert run("pigeon_clean_queue -v 0").out == ""
    assert run("pigeon_clean_export -v 0").out == ""


def test_old_parcels_go(run: Run, site: Path) -> None:
    for title in ("One", "Two"):
        Story.objects.create(title=title)
    run("pigeon_push")
    old = Parcel.objects.first()
    assert old
    Parcel.objects.filter(pk=old.pk).update(rendered_at=timezone.now() - timedelta(days=31))
    assert len(list((site / "export").rglob("*.json"))) == 2
    dry = run("pigeon_clean_export --dry-run")
    assert dry.out.startswith("Would delete parcels from before ")
    assert len(list((site / "export").rglob("*.json"))) == 2
    said = run("pigeon_clean_export")
    assert re.fullmatch(
        rf"Deleted parcels from before {DATE}: 1 \(\d+ bytes\), 0 without a record, 0 never "
        r"finished\.\n",
        said.out,
    )
    assert len(list((site / "export").rglob("*.json"))) == 1
    rest = run("pigeon_clean_export --older-than 0 --format json").json
    assert rest["parcels"] == 1
    assert rest["dry_run"] is False
