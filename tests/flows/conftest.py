from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pigeon.senders import dummy
from tests.flows.leaks import Watch, watching
from tests.flows.site import Site, isolated


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Iterator[Site]:
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    dummy.outbox.clear()
    with isolated():
        yield Site(settings, tmp_path)
    dummy.outbox.clear()


@pytest.fixture
def watch(capfd: Any, tmp_path: Path, settings: Any) -> Iterator[Watch]:
    """Looks for secrets everywhere when the test is over."""
    settings.PIGEON_ALERT_EMAILS = ["desk@site.example"]
    with watching(capfd, tmp_path) as found:
        yield found
