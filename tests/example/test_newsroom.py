"""The tests in ``newsroom/`` pass on the settings of the example site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capabilities import PROJECT
from tests.example.conftest import NEWSROOM
from tests.testing.plugin import plugin_options

MANAGE = PROJECT / "example_project" / "manage.py"


def run(directory: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": NEWSROOM}
    return subprocess.run(
        [sys.executable, *command], cwd=PROJECT, text=True, check=False, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**environment, "NEWSROOM_DIRECTORY": str(directory)},
    )  # fmt: skip


@pytest.mark.slow
def test_the_newsroom_passes_its_own_tests(tmp_path: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", *plugin_options(), "tests/example/newsroom"]
    done = run(tmp_path, "-m", "pytest", *options)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_site_works_as_it_is_with_folders_for_partners(tmp_path: Path) -> None:
    for command in ("check", "migrate", "load_stories", "pigeon_push", "pigeon_check"):
        done = run(tmp_path, MANAGE, command)
        assert done.returncode == 0, done.stdout
    files = {path.name for path in (tmp_path / "partners" / "beloved").rglob("*.xml")}
    assert {"news_story_1.xml", "news_story_2.xml", "news_story_3.xml"} <= files
    assert "news_story_7.xml" not in files


def test_no_migration_of_the_newsroom_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, MANAGE, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout
