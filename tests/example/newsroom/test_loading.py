"""Stories from ninjs files of all versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from example_project.news import loading
from example_project.news.models import Photo, Story
from example_project.news.ninjs import NotNinjs
from example_project.news.pictures import BUNDLED as PICTURES
from example_project.news.pictures import PLACEHOLDER
from pigeon.models import ItemToPush
from pigeon.testing import assertQueued
from tests.capabilities import IPTC, need

pytestmark = pytest.mark.django_db


def load(folder: Path, **document: Any) -> Story:
    path = folder / "story.json"
    path.write_text(json.dumps({"uri": "urn:x:1", **document}), encoding="utf-8")
    return loading.load(path)


def content_of(photo: Photo) -> bytes:
    with photo.image.open() as file:
        return file.read()


def test_our_own_stories() -> None:
    stories = [loading.load(path) for path in loading.files_of([loading.BUNDLED])]
    assert [story.language for story in stories] == ["en", "de", "el", "ar", "zh-Hans", "en", "en"]
    harbour, *_, pigeons, budget = stories
    assert content_of(harbour.photos.get()) == (PICTURES / "harbour.jpg").read_bytes()
    assert [author.name for author in harbour.authors.all()] == ["Ines Calloway"]
    assert "£39 < £45" in harbour.body
    assert pigeons.headline == "Racing pigeon takes the train, wins anyway 🐦🚆"
    assert pigeons.paragraphs[0].startswith("Number 0417, a blue hen called Señorita Ñandú")
    assert budget.workflow_state == Story.State.DRAFT
    assert sum(story.is_online and len(story.body) >= 500 for story in stories) >= 2


def test_stories_of_agencies() -> None:
    need("iptc")
    found = {path.name: loading.load(path) for path in loading.files_of([IPTC / "stories"])}
    dpa = found["dpa_text.json"]
    assert dpa.headline == "Faktencheck Derby-Elfmeter: Hat Schiedsrichter Zwayer recht?"
    assert len(dpa.paragraphs) == 9
    assert dpa.byline == "Von Christian Hollmann, dpa"
    swedish = found["tt_text_image_3.json"]
    assert len(swedish.paragraphs) == 4
    assert swedish.paragraphs[1].startswith("Aurora 2023 kommer att genomföras")
    assert swedish.photos.get().credit == "Karl Melander/TT"
    picture = found["ap_image.json"]
    assert picture.body.startswith("FILE - In this Monday")
    assert picture.photos.get().credit == "ASSOCIATED PRESS"
    assert found["ntb_text.json"].body.startswith("IT-giganten Google")
    assert len(found["businesswire-newsml-20130605006126.json"].paragraphs) == 1
    assert len(found["ninjsExSimpleText_3.json"].paragraphs) == 4


def test_version_1(tmp_path: Path) -> None:
    story = load(
        tmp_path,
        headline="Old",
        byline="By Me",
        pubstatus="usable",
        versioncreated="2026-03-06T08:30:00",
        body_text="One\n\nTwo",
        description_text="Summary",
        associations={"main": {"uri": "urn:x:p", "type": "picture", "headline": "Look"}},
    )
    assert (story.headline, story.byline, story.summary) == ("Old", "By Me", "Summary")
    assert story.paragraphs == ["One", "Two"]
    assert story.published_at.isoformat() == "2026-03-06T08:30:00+00:00"
    assert story.photos.get().caption == "Look"


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        ("<p>A</p><blockquote><p>B</p></blockquote><ul><li>C</li></ul>", ["A", "B", "C"]),
        (
            "<html><head><title>T</title></head><body><h1>T</h1><h2>S</h2><p>A</p></body>",
            ["S", "A"],
        ),
        ("<p>A</p><figure><p>no</p></figure>", ["A"]),
        ("plain &amp; <b>bold</b>", ["plain & bold"]),
        ("<?xml version='1.0' encoding='utf-8'?><p>A\x0b</p>", ["A"]),
        ("  ", []),
        ("<p>", []),
    ],
)
def test_html_becomes_paragraphs(html: str, paragraphs: list[str], tmp_path: Path) -> None:
    story = load(tmp_path, headline="H", body_html=html)
    assert story.paragraphs == paragraphs


def test_a_picture_elsewhere_has_a_placeholder_of_its_own(tmp_path: Path) -> None:
    rendition = [{"name": "main", "href": "https://agency.example/1.jpg"}]
    for number in (1, 2):
        load(
            tmp_path, uri=f"urn:x:{number}", headline="H",
            associations=[{"uri": f"urn:p:{number}", "type": "picture", "renditions": rendition}],
        )  # fmt: skip
    first, second = (content_of(photo) for photo in Photo.objects.all())
    assert first != second
    assert b"urn:p:1" in first
    assert first.startswith(b"\xff\xd8\xff")
    assert first.endswith(PLACEHOLDER.read_bytes()[2:])


def test_a_picture_is_never_read_from_outside_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    picture = {"uri": "urn:p", "type": "picture", "renditions": [{"href": "../secret.jpg"}]}
    story = load(tmp_path / "in", headline="H", associations=[picture])
    assert b"secret" not in content_of(story.photos.get())


def test_loading_again_updates(tmp_path: Path) -> None:
    load(tmp_path, headline="One", pubStatus="usable")
    story = load(tmp_path, headline="Two", pubStatus="canceled")
    assert Story.objects.get() == story
    assert (story.headline, story.workflow_state) == ("Two", Story.State.WITHDRAWN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON in UTF-8"),
        ('"text"', "is no object with a 'uri'"),
        ("{}", "is no object with a 'uri'"),
        ('{"uri": "urn:x"}', "has no headline, title or slugline"),
    ],
)
def test_what_is_not_ninjs_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "story.json"
    path.write_text(content)
    with pytest.raises(NotNinjs, match=message):
        loading.load(path)


def test_the_command_loads_files_and_folders(tmp_path: Path, capsys: Any) -> None:
    call_command("load_stories", str(loading.BUNDLED), str(loading.BUNDLED / "01-harbour.json"))
    assert Story.objects.count() == 7
    assertQueued(Story.objects.get(uri="urn:newsroom.example:story:1"), "belovedpartner")
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 8
    assert out[6] == "07-budget.json: Council to raise parking fees, draft shows [draft]"


def test_the_command_goes_on_after_a_bad_file_and_fails_at_the_end(
    tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(CommandError, match="1 of the files could not be loaded"):
        call_command("load_stories", str(tmp_path), str(loading.BUNDLED / "02-bibliothek.json"))
    assert "bad.json is not JSON" in capsys.readouterr().err
    assert Story.objects.count() == 1
    assert ItemToPush.objects.failed().count() == 0
