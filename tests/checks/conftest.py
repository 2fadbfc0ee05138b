"""A site without rules, and its checks by id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage

from pigeon.checks import check_all
from pigeon.registry import registry

Found = Callable[[str], CheckMessage]


@pytest.fixture(autouse=True)
def site(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A site that is well; templates are looked for in the folder."""
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path / "templates"],
            "APP_DIRS": True,
        }
    ]
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    with registry.isolated():
        yield tmp_path


@pytest.fixture
def found() -> Found:
    """The one message with an id, which is then the only one of the site."""

    def find(number: str) -> CheckMessage:
        messages = check_all(None)
        assert [message.id for message in messages] == [f"pigeon.{number}"], messages
        return messages[0]

    return find
