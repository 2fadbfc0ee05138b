"""Django's settings of a site in the folder that ``PIGEON_BENCHMARK`` names."""

from __future__ import annotations

import json
import os
from pathlib import Path

FOLDER = Path(os.environ["PIGEON_BENCHMARK"])
_SITE = json.loads((FOLDER / "site.json").read_text())

SECRET_KEY = "only for benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "pigeon", "tests.apps.newsroom"]
MIGRATION_MODULES = {"newsroom": None}
DATABASES = {"default": _SITE["database"]}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FOLDER / "templates"],
    }
]
MEDIA_ROOT = FOLDER / "media"
PIGEON_OUTPUT_DIRECTORY = FOLDER / "export"
PIGEON_DESTINATIONS = _SITE["destinations"]
PIGEON_CLASSES = ["benchmarks.push.rules.Partner", "benchmarks.push.rules.Film"]
#: So that a worker is soon warm; see ``benchmarks.push.worker.timed``.
PIGEON_POLL_INTERVAL = 0.5
