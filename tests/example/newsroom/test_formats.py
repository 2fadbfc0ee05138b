"""NITF and ninjs, checked by the schemas of the IPTC and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from example_project.news import formats, loading
from example_project.news.models import Story
from pigeon.testing import assertPushed
from pigeon.validators.json import JSONValidator
from pigeon.validators.xml import WellFormedValidator
from tests.capabilities import IPTC, need
from tests.example.newsroom.stories import save_story, save_two_online_and_one_draft

pytestmark = pytest.mark.django_db
NITF = {"n": "http://iptc.org/std/NITF/2006-10-18/"}
Push = Callable[..., Any]


@pytest.fixture
def schemas(settings: Any) -> None:
    need("iptc")
    settings.NEWSROOM_IPTC_DIRECTORY = IPTC


def files(outbox: list[Any], rule: str) -> dict[str, bytes]:
    return {
        path: text for sent in outbox if sent.rule == rule for path, text in sent.files.items()
    }


def test_nitf_says_what_the_story_says(pigeon_outbox: list[Any], pigeon_push: Push) -> None:
    save_two_online_and_one_draft()
    pigeon_push()
    sent = files(pigeon_outbox, "nitfwire")
    assert sorted(sent) == ["news_story_1.xml", "news_story_2.xml", "photos/1.jpg"]
    tree = etree.fromstring(sent["news_story_1.xml"])
    assert tree.get("version") == "-//IPTC//DTD NITF 3.6//EN"
    assert tree.findtext(".//n:hl1", namespaces=NITF) == "Fish & chips < £9 “here”"
    assert tree.findtext(".//n:byline", namespaces=NITF) == "By Åsa Ødegård"
    paragraphs = tree.findall("./n:body/n:body.content/n:p", namespaces=NITF)
    assert paragraphs[-1].text == "Ψάρι 🐟 & 魚"
    reference = tree.find(".//n:media-reference", namespaces=NITF)
    assert reference is not None
    assert reference.get("source") == "photos/1.jpg"


def test_ninjs_says_what_the_story_says(pigeon_outbox: list[Any], pigeon_push: Push) -> None:
    first, _, _ = save_two_online_and_one_draft()
    pigeon_push()
    sent = files(pigeon_outbox, "ninjsfeed")
    assert sorted(sent) == ["news_story_1.json", "news_story_2.json", "photos/1.jpg"]
    document = json.loads(sent["news_story_1.json"])
    assert document["uri"] == "urn:test:story:1"
    assert document["headlines"] == [{"role": "main", "value": "Fish & chips < £9 “here”"}]
    assert document["bodies"][0]["value"] == first.body
    assert document["people"] == [{"name": "Åsa Ødegård", "rel": "author"}]
    [picture] = document["associations"]
    assert picture["descriptions"][0]["value"] == 'A "big" fish'
    assert picture["renditions"][0]["title"] == "photos/1.jpg"


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("folder", ["bundled", "agencies"])
def test_all_stories_obey_the_schemas(
    folder: str, pigeon_outbox: list[Any], pigeon_push: Push
) -> None:
    assert formats.NITF_SCHEMA in str(formats.nitf_validators()[0].schema)
    assert formats.NINJS_SCHEMA in str(formats.ninjs_validators()[0].schema)
    path = loading.BUNDLED if folder == "bundled" else IPTC / "stories"
    for each in loading.files_of([path]):
        loading.load(each)
    pigeon_push()
    for story in Story.objects.filter(workflow_state=Story.State.ONLINE):
        assertPushed(story, "nitfwire", times=1)
        assertPushed(story, "ninjsfeed", times=1)


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(
    ("rule", "template", "text"),
    [
        ("nitfwire", "news_story.xml", '<nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"/>'),
        ("ninjsfeed", "news_story.json", '{"headlines": "not a list"}'),
    ],
)
def test_what_the_schemas_do_not_allow_is_refused(
    rule: str, template: str, text: str, settings: Any, tmp_path: Path, pigeon_push: Push
) -> None:
    (tmp_path / "export" / rule).mkdir(parents=True)
    (tmp_path / "export" / rule / template).write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    story = save_story(1)
    pigeon_push(rules=[rule])
    with pytest.raises(AssertionError, match=r"validation error: .*line 1"):
        assertPushed(story, rule)


def test_without_schemas_documents_must_be_well_formed(settings: Any, tmp_path: Path) -> None:
    settings.NEWSROOM_IPTC_DIRECTORY = tmp_path
    assert isinstance(formats.nitf_validators()[0], WellFormedValidator)
    assert isinstance(formats.ninjs_validators()[0], JSONValidator)
