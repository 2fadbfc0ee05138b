"""The plug-in is used by pytest runs of their own, as in a project that has Pigeon installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capabilities import PROJECT
from tests.testing.plugin import plugin_options

WITH_DJANGO = """
import asyncio
import pytest
from django.conf import settings
from pigeon.models import ItemToPush
from tests.apps.newsroom.models import Story

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule")]

from tests.testing.conftest import rule  # noqa: F401


@pytest.mark.parametrize("turn", [1, 2])
def test_outbox(pigeon_outbox, pigeon_push, turn):
    assert pigeon_outbox == []
    Story.objects.create(title="Ebb", is_online=True)
    assert pigeon_push().total("pushed") == len(pigeon_outbox) == 2


def test_the_outbox_is_emptied_for_those_who_do_not_ask_for_it():
    from pigeon.testing import outbox
    assert outbox == []


def test_partners(sftp_partner, ftp_partner, pigeon_push, settings):
    settings.PIGEON_DESTINATIONS = {"far": sftp_partner.entry, "near": ftp_partner.entry}
    settings.PIGEON_PUSH_URLS = {"partner": ["far", "near"]}
    story = Story.objects.create(title="Ebb", is_online=True)
    pigeon_push()
    files = {f"newsroom_story_{story.pk}.xml": b"<story>Ebb</story>"}
    assert sftp_partner.files() == ftp_partner.files() == files
"""
WITHOUT_DJANGO = """
import sys

def test_nothing_is_imported():
    assert "pigeon.pytest_plugin" in sys.modules
    assert not any(name.partition(".")[0] == "django" for name in sys.modules)

def test_partners_need_no_settings(sftp_partner):
    assert sftp_partner.files() == {}
"""


def run(folder: Path, test: str, *options: str) -> str:
    (folder / "test_it.py").write_text(test)
    environment = {key: value for key, value in os.environ.items() if "PIGEON" not in key}
    options = ("-q", "-p", "no:cacheprovider", *plugin_options(), *options)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder, env={**environment, "PYTHONPATH": str(PROJECT)}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_the_fixtures_work(tmp_path: Path) -> None:
    out = run(tmp_path, WITH_DJANGO, "--ds", "tests.settings")
    assert "4 passed" in out


def test_projects_without_django_are_not_disturbed(tmp_path: Path) -> None:
    out = run(tmp_path, WITHOUT_DJANGO, "-p", "no:django")
    assert "2 passed" in out
