"""A monitoring system gets each of the four statuses of ``pigeon_check`` from a process."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from pigeon.models import ItemToPush
from tests.management.processes import PATIENCE, command, environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("minutes", "database", "status", "word"),
    [
        (0, "default", 0, "OK"),
        (11, "default", 1, "WARNING"),
        (31, "default", 2, "CRITICAL"),
        (0, "nowhere", 3, "UNKNOWN"),
    ],
)
def test_all_four(minutes: int, database: str, status: int, word: str, tmp_path: Path) -> None:
    item = ItemToPush.objects.create(
        rule_name="partner", destination="beloved", model_label="newsroom.story", object_id="1"
    )
    since = timezone.now() - timedelta(minutes=minutes)
    ItemToPush.objects.filter(pk=item.pk).update(creation_date=since)
    places = {"beloved": {"URL": "dummy://"}}
    urls = {"partner": ["beloved"]}
    done = subprocess.run(
        command("pigeon_check"),
        env=environment(tmp_path, database, DESTINATIONS=places, PUSH_URLS=urls),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(f"PIGEON {word} - ")
    assert done.stdout.count("\n") == 1
