"""A site with two rules, and its commands as a person sees them."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from pigeon.registry import registry
from pigeon.senders import dummy
from tests.management import rules


@dataclass
class Said:
    """What a command printed, and how it ended."""

    out: str
    err: str
    error: str
    status: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Said]


@pytest.fixture
def run() -> Run:
    """Run a command line in this process."""

    def run(line: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        error, status = "", 0
        try:
            name, *arguments = shlex.split(line)
            call_command(name, *arguments, stdout=out, stderr=err)
        except CommandError as raised:
            error, status = str(raised), raised.returncode
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        return Said(out.getvalue(), err.getvalue(), error, status)

    return run


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The rules ``partner`` (to "beloved") and ``daily`` (to "digest"), in a folder."""
    settings.PIGEON_OUTPUT_DIRECTORY = tmp_path / "export"
    settings.PIGEON_SENDERS = ["tests.management.rules.Slow"]
    settings.PIGEON_DESTINATIONS = {
        "beloved": {"URL": "dummy://beloved"},
        "digest": {"URL": "dummy://digest"},
    }
    settings.PIGEON_PUSH_URLS = {"partner": ["beloved"], "daily": ["digest"]}
    dummy.outbox.clear()
    with registry.isolated():
        registry.register(rules.Partner)
        registry.register(rules.Daily)
        yield tmp_path
    dummy.outbox.clear()
