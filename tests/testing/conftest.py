"""A rule with two destinations, neither of which exists, and a template for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pigeon
from pigeon.registry import registry
from tests.apps.newsroom.models import Story

FAR, NEAR = "far", "sftp://nobody@near.invalid/in"


@pytest.fixture
def rule(settings: Any, tmp_path: Path) -> Iterator[type[pigeon.DefaultConfiguration]]:
    folder = tmp_path / "templates" / "export" / "partner"
    folder.mkdir(parents=True)
    (folder / "newsroom_story.xml").write_text("<story>{{ object.title }}</story>")
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "templates"],
        }
    ]
    settings.PIGEON_DESTINATIONS = {FAR: {"URL": "ftp://nobody@far.invalid/in"}}
    settings.PIGEON_PUSH_URLS = {"partner": [FAR, NEAR]}
    with registry.isolated():

        @pigeon.register
        class Partner(pigeon.DefaultConfiguration):
            models = [Story]

            def filter_by_state(self, instance: Any) -> bool:
                return instance.is_online

        yield Partner
