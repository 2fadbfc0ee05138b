"""``manage.py load_stories [PATH…]``: save the stories in ninjs files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from example_project.news import loading
from example_project.news.ninjs import NotNinjs


class Command(BaseCommand):
    help = (
        "Save the stories in ninjs files (of any version) the way an editor would, so that the "
        "rules queue them. Without paths: the newsroom's own stories, and those of the IPTC."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="files, or folders of .json files")

    def handle(self, *args: Any, paths: list[Path], **options: Any) -> None:
        failures = 0
        for path in loading.files_of(paths or self._usual()):
            try:
                story = loading.load(path)
            except (NotNinjs, OSError) as error:
                self.stderr.write(self.style.ERROR(f"{path}: {error}"))
                failures += 1
            else:
                self.stdout.write(f"{path.name}: {story.headline} [{story.workflow_state}]")
        if failures:
            raise CommandError(f"{failures} of the files could not be loaded.")

    def _usual(self) -> list[Path]:
        agencies = Path(settings.NEWSROOM_IPTC_DIRECTORY) / "stories"
        return [loading.BUNDLED, *([agencies] if agencies.is_dir() else [])]
