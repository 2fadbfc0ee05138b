"""The site: a folder with a database, stories, a large file, and what they become."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.push.cases import LARGE

TEMPLATE = "<story><title>{{ object.title }}</title><body>{{ object.body }}</body></story>\n"
BODY = "All the news that is fit to push. " * 240

Database = dict[str, Any]


def sqlite(folder: Path) -> Database:
    """The embedded database, as the page on SQLite says that it should be."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "db.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }


def postgresql(host: str, user: str) -> Database:
    """The cluster of the benchmark's own."""
    return {
        "ENGINE": "django.db.backends.postgresql", "HOST": host, "USER": user, "NAME": "postgres",
    }  # fmt: skip


def set_up(folder: Path, database: Database, destinations: dict[str, Any]) -> None:
    """Write the site's settings; the first time also load them here and make the tables."""
    (folder / "site.json").write_text(
        json.dumps({"database": database, "destinations": destinations})
    )
    from django.conf import settings

    if settings.configured:
        from pigeon.registry import registry

        settings.PIGEON_DESTINATIONS = destinations
        registry.forget_destinations()
        return
    os.environ["PIGEON_BENCHMARK"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.push.settings"
    _make_site(folder)


def _make_site(folder: Path) -> None:
    templates = folder / "templates" / "export" / "partner"
    templates.mkdir(parents=True)
    (templates / "newsroom_story.xml").write_text(TEMPLATE)
    (folder / "media").mkdir()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def prepare(folder: Path, files: int) -> Path:
    """What is pushed: ``files`` stories, or for 0 the large file; a folder with the same."""
    return _write_stories(folder, files) if files else _write_film(folder, LARGE)


def objects(rule: str) -> Any:
    """All that ``rule`` pushes."""
    from tests.apps.newsroom.models import Photo, Story

    return Story.objects.all() if rule == "partner" else Photo.objects.all()


def forget() -> None:
    """Empty the queue, so that every turn begins alike. The newest parcels stay."""
    from pigeon.models import DestinationState, Hold, ItemToPush, Publication, PushAttempt

    for model in (PushAttempt, ItemToPush, Publication, DestinationState, Hold):
        model.objects.all().delete()


def _write_stories(folder: Path, number: int) -> Path:
    """``number`` stories in the database, and a folder with the files that they become."""
    from tests.apps.newsroom.models import Story

    Story.objects.all().delete()
    Story.objects.bulk_create(
        (Story(title=f"Story {each}", body=BODY) for each in range(number)), batch_size=500
    )
    ready = folder / f"stories-{number}"
    ready.mkdir()
    for story in Story.objects.iterator():
        text = TEMPLATE.replace("{{ object.title }}", story.title)
        content = text.replace("{{ object.body }}", story.body)
        (ready / f"newsroom_story_{story.pk}.xml").write_text(content)
    return ready


def _write_film(folder: Path, size: int) -> Path:
    """A photo whose image has ``size`` bytes that no compression helps; a folder with it."""
    from tests.apps.newsroom.models import Photo

    Photo.objects.all().delete()
    photo = Photo.objects.create(image="film.bin")
    ready = folder / "film"
    ready.mkdir()
    path = ready / f"newsroom_photo_{photo.pk}.bin"
    with path.open("wb") as file:
        for _ in range(0, size, 1 << 20):
            file.write(os.urandom(1 << 20))
    film = folder / "media" / "film.bin"
    film.unlink(missing_ok=True)
    film.hardlink_to(path)
    return ready
