"""The site that is looked at through a browser: a database and a folder of its own.

``PIGEON_TEST_SITE`` is the folder, in which ``destinations.json`` says where partners are.
"""

import json
import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE, TEMPLATES

FOLDER = Path(os.environ["PIGEON_TEST_SITE"])

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(FOLDER / "site.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
        },
    }
}
#: Not the browser's, so that a page that mixes them up is found out; no summer time.
TIME_ZONE = "Asia/Kolkata"
DEBUG = False
MIDDLEWARE = [
    *MIDDLEWARE,
    "pigeon.middleware.ActorMiddleware",
    "tests.browser.policy.StrictPolicy",
]
TEMPLATES = [
    {**TEMPLATES[0], "DIRS": [Path(__file__).parent / "templates", *TEMPLATES[0]["DIRS"]]}
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"here": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["here"], "level": "ERROR"}},
}
MEDIA_ROOT = FOLDER / "media"

PIGEON_DESTINATIONS = json.loads((FOLDER / "destinations.json").read_text(encoding="utf-8"))
PIGEON_OUTPUT_DIRECTORY = FOLDER / "export"
PIGEON_CLASSES = [f"tests.browser.rules.{name}" for name in ("Daily", "Archive", "Wire")]
PIGEON_MAX_PUSH_ATTEMPTS = 2
#: A machine that runs tests may be slow; nobody is to be told that items are old for that.
PIGEON_CHECK_OLD_AGE = 2 * 86400
PIGEON_CHECK_TOO_OLD_AGE = 3 * 86400
