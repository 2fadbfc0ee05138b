"""``pigeon_preview``: what would be sent, without sending it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pigeon.models import ItemToPush, Parcel
from pigeon.registry import registry
from pigeon.senders import dummy
from tests.apps.newsroom.models import Story
from tests.management import parcels_of, rules
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture
def story() -> Story:
    return Story.objects.create(title="Grüße & co")


def test_paths_sizes_and_text(run: Run, story: Story) -> None:
    said = run(f"pigeon_preview partner newsroom.Story {story.pk}")
    assert (said.status, said.err) == (0, "")
    heading, _, text = said.out.partition("\n")
    name, size = f"newsroom_story_{story.pk}.json", len(text.rstrip("\n").encode())
    assert heading.startswith(f"{name} (")
    assert f"({size} bytes)" in heading or f"({size + 1} bytes)" in heading
    assert json.loads(text)[0]["fields"]["title"] == "Grüße & co"


def test_nothing_is_queued_kept_or_sent(run: Run, story: Story, site: Path) -> None:
    before = ItemToPush.objects.count()
    run(f"pigeon_preview partner newsroom.Story {story.pk}")
    assert ItemToPush.objects.count() == before
    assert not Parcel.objects.exists()
    assert dummy.outbox == []
    assert list(site.iterdir()) == []


def test_the_filters_are_not_asked(run: Run) -> None:
    story = Story.objects.create(title="secret")
    assert run(f"pigeon_preview partner newsroom.Story {story.pk}").status == 0


def test_files_in_a_folder(run: Run, story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there yet"
    said = run(f"pigeon_preview partner newsroom.Story {story.pk} --output '{folder}'")
    [path] = folder.iterdir()
    assert json.loads(path.read_text())[0]["fields"]["title"] == "Grüße & co"
    assert said.out == f"{path.name} ({path.stat().st_size} bytes)\n"


def test_a_folder_that_cannot_be_written_to(run: Run, story: Story, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = f"pigeon_preview partner newsroom.Story {story.pk} --output {tmp_path}/file"
    said = run(line)
    assert said.status == 1
    assert said.error.startswith(f"The files cannot be written to {tmp_path}/file: ")


def test_a_mass_push(run: Run, story: Story, tmp_path: Path) -> None:
    Story.objects.create(title="Grog")
    said = run("pigeon_preview daily Gr")
    assert said.lines[0].startswith("daily.zip (")
    assert said.lines[0].endswith(", not text)")
    assert len(said.lines) == 1
    run(f"pigeon_preview daily Gr --output {tmp_path}/out")
    with zipfile.ZipFile(tmp_path / "out/daily.zip") as archive:
        assert len(archive.namelist()) == 2


def test_for_programs(run: Run, story: Story) -> None:
    [file] = run(f"pigeon_preview partner newsroom.Story {story.pk} --format json").json["files"]
    assert file["path"] == f"newsroom_story_{story.pk}.json"
    assert len(file["sha256"]) == 64
    assert "Grüße" in json.loads(file["text"])[0]["fields"]["title"]
    [archive] = run("pigeon_preview daily Gr --format json").json["files"]
    assert archive["text"] is None
    assert archive["size"] > 0


def test_long_text_is_cut(run: Run) -> None:
    story = Story.objects.create(title="long", body="ü" * 60_001)
    said = run(f"pigeon_preview partner newsroom.Story {story.pk}")
    assert 50_000 < len(said.out) < 100_100
    assert said.err == "Only 100.0 KB are shown; --output writes all of it.\n"


def test_text_cannot_command_a_terminal(run: Run) -> None:
    class Raw(rules.Partner):
        def get_output_makers(self, instance: Any) -> list[Any]:
            return [parcels_of.TextMaker(self, instance)]

    registry.register(Raw)
    story = Story.objects.create(title="a\x1b[31mb")
    said = run(f"pigeon_preview raw newsroom.Story {story.pk}")
    assert "a�[31mb" in said.out
    assert "\x1b" not in said.out


def test_outputs_that_would_be_left_out(run: Run) -> None:
    class Picky(rules.Daily):
        validators = [lambda data: b"bad" not in data or "it is bad"]

    registry.register(Picky)
    for title in ("good", "goodbad"):
        Story.objects.create(title=title)
    said = run("pigeon_preview picky good")
    assert said.status == 0
    assert "would be left out: " in said.err
    assert "it is bad" in said.err
    [left] = run("pigeon_preview picky good --format json").json["left_out"]
    assert "it is bad" in left["reason"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nobody", "No rule is called 'nobody'. Registered rules: daily, partner."),
        (
            "partner",
            "Rule 'partner' sends one object at a time: name it by model and primary key, as in "
            "pigeon_preview partner news.Story 5.",
        ),
        (
            "partner newsroom.Storry 1",
            "'newsroom.Storry' is not an installed model. App 'newsroom' doesn't have a 'Storry' "
            "model. Write app_label.ModelName, such as news.Story.",
        ),
        (
            "partner newsroom.Story 99",
            "There is no newsroom.Story with the primary key '99' in the database 'default'.",
        ),
        (
            "partner newsroom.Story x",
            "There is no newsroom.Story with the primary key 'x' in the database 'default'.",
        ),
        (
            "daily",
            "get_items_to_push of rule 'daily' raised ValueError: not enough values to unpack "
            "(expected 1, got 0)",
        ),
    ],
)
def test_what_cannot_be_rendered(run: Run, line: str, error: str) -> None:
    said = run(f"pigeon_preview {line}")
    assert (said.status, said.error, said.out) == (1, error, "")


def test_an_object_that_breaks_the_rule(run: Run) -> None:
    story = Story.objects.create(title="broken")
    said = run(f"pigeon_preview partner newsroom.Story {story.pk}")
    assert said.status == 1
    assert said.error == (
        "get_output_makers of rule 'partner' raised RuntimeError: the story is broken"
    )
