from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon.exceptions import OutputGenerationError
from pigeon.export import preview
from pigeon.models import Parcel
from pigeon.registry import registry
from tests.apps.newsroom.models import Story
from tests.export.conftest import files_below

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(rules: Any, template: Any, output_directory: Path) -> pigeon.DefaultConfiguration:
    template("partner/newsroom_story.xml", "{{ object.title }}")

    @pigeon.register
    class Partner(pigeon.DefaultConfiguration):
        models = [Story]

    return registry.get("partner")


def test_it_shows_what_would_be_sent_and_keeps_nothing(
    rule: pigeon.DefaultConfiguration, output_directory: Path
) -> None:
    with preview(rule, Story(pk=5, title="Été")) as parcel:
        [file] = parcel.files
        path = parcel.local_path(file)
        assert (file.path, path.read_text()) == ("newsroom_story_5.xml", "Été")
    assert not path.exists()
    assert not files_below(output_directory)
    assert not Parcel.objects.exists()


def test_a_mass_push_is_shown_as_one_parcel(rule: Any) -> None:
    rule.packer = pigeon.ZIPPacker()
    with preview(rule, iter([Story(pk=1, title="a"), Story(pk=2, title="b")])) as parcel:
        assert [file.path for file in parcel.files] == ["partner.zip"]


def test_errors_are_those_of_a_push(rule: Any, template: Any) -> None:
    template("partner/newsroom_story.xml", "{{ nothing }}")
    with (
        pytest.raises(OutputGenerationError, match="'nothing' is undefined"),
        preview(rule, Story()),
    ):
        pass
