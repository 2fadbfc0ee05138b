from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pigeon.exceptions import OutputGenerationError
from pigeon.makers.template import TemplateOutputMaker, TombstoneOutputMaker
from tests.apps.newsroom.models import Story
from tests.makers.rules import Partner


@pytest.fixture
def templates(tmp_path: Path, settings: Any) -> Path:
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "NAME": "site",
            "DIRS": [tmp_path],
        }
    ]
    (tmp_path / "export" / "partner").mkdir(parents=True)
    return tmp_path / "export" / "partner"


@pytest.fixture
def story() -> Story:
    return Story(pk=5, title="Été <北京> & co")


def made(maker: TemplateOutputMaker) -> str:
    target = io.BytesIO()
    maker.write(target)
    return target.getvalue().decode()


def test_the_rules_template_is_rendered_as_utf8(templates: Path, story: Story) -> None:
    (templates / "newsroom_story.xml").write_text("<title>{{ object.title }}</title>\n")
    assert made(TemplateOutputMaker(Partner(), story)) == (
        "<title>Été &lt;北京&gt; &amp; co</title>\n"
    )


def test_the_context_can_be_added_to(templates: Path, story: Story) -> None:
    class Maker(TemplateOutputMaker):
        def get_context(self) -> Any:
            return {**super().get_context(), "more": 1}

    (templates / "newsroom_story.xml").write_text("{{ object.pk }} {{ more }}")
    assert made(Maker(Partner(), story)) == "5 1"


def test_a_tombstone_has_a_template_of_its_own(templates: Path, story: Story) -> None:
    (templates / "newsroom_story_deleted.xml").write_text("<gone id='{{ object.pk }}'/>")
    maker = TombstoneOutputMaker(Partner(), story)
    assert made(maker) == "<gone id='5'/>"
    assert maker.get_filename() == "newsroom_story_5.xml"


def test_the_engine_is_the_rules_or_the_settings(
    templates: Path, story: Story, settings: Any
) -> None:
    (templates / "newsroom_story.xml").write_text("{% firstof '' 'django' %}")

    class Django(Partner):
        name = "partner"
        template_engine = "site"

    assert made(TemplateOutputMaker(Django(), story)) == "django"
    settings.PIGEON_TEMPLATE_ENGINE = "site"
    assert made(TemplateOutputMaker(Partner(), story)) == "django"


def test_a_missing_template_names_what_to_create(templates: Path, story: Story) -> None:
    with pytest.raises(OutputGenerationError, match=r"export/partner/newsroom_story\.xml"):
        made(TemplateOutputMaker(Partner(), story))


def test_half_a_surrogate_pair_is_no_text(templates: Path) -> None:
    (templates / "newsroom_story.xml").write_text("{{ object.title }}")
    with pytest.raises(UnicodeEncodeError):
        made(TemplateOutputMaker(Partner(), Story(pk=5, title="\ud800")))


def test_documents_are_limited(story: Story, settings: Any) -> None:
    settings.PIGEON_MAX_DOCUMENT_SIZE = 7
    assert TemplateOutputMaker(Partner(), story).max_size == 7
