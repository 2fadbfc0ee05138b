"""The settings of the newsroom.

Four variables of the environment move things:

``NEWSROOM_DIRECTORY``
    where the site keeps its database, pictures and parcels; ``var/newsroom``.
``NEWSROOM_PARTNERS``
    a JSON file with ``PIGEON_DESTINATIONS`` and ``PIGEON_PUSH_URLS``, which the demo writes;
    without it every partner is a folder below ``NEWSROOM_DIRECTORY``.
``NEWSROOM_IPTC_DIRECTORY``
    where the schemas of the IPTC are; ``../shared/data/iptc`` next to the project. Without
    them the two rules for IPTC formats check only that documents are well-formed.
``NEWSROOM_DEBUG``
    ``0`` turns Django's debug mode off.
"""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIRECTORY = Path(os.environ.get("NEWSROOM_DIRECTORY", ROOT / "var" / "newsroom")).resolve()
DIRECTORY.mkdir(parents=True, exist_ok=True)

#: Under which address the world sees the site.
NEWSROOM_URL = "https://newsroom.example"
NEWSROOM_IPTC_DIRECTORY = Path(
    os.environ.get("NEWSROOM_IPTC_DIRECTORY", ROOT.parent / "shared" / "data" / "iptc")
)

# A site of your own has a secret key, and says for which hosts it answers.
SECRET_KEY = "the newsroom is only an example"
DEBUG = os.environ.get("NEWSROOM_DEBUG", "1") != "0"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "pigeon",
    "example_project.news",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pigeon.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "example_project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIRECTORY / "newsroom.sqlite3",
        # What several processes need to work on one SQLite file without "database is locked".
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = []

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = DIRECTORY / "media"

# What makes it push: where parcels are kept, who the partners are, who gets what.

PIGEON_OUTPUT_DIRECTORY = DIRECTORY / "export"
PIGEON_DESTINATIONS = {
    name: {"URL": (DIRECTORY / "partners" / name).as_uri()}
    for name in ("beloved", "archive", "other-beloved", "digest", "export", "wire", "feed")
}
PIGEON_PUSH_URLS = {
    "belovedpartner": ["beloved", "archive"],
    "anotherbelovedpartner": ["other-beloved"],
    "weeklydigest": ["digest"],
    "flatmassexport": ["export"],
    "nitfwire": ["wire"],
    "ninjsfeed": ["feed"],
}
if "NEWSROOM_PARTNERS" in os.environ:
    partners = json.loads(Path(os.environ["NEWSROOM_PARTNERS"]).read_text(encoding="utf-8"))
    PIGEON_DESTINATIONS = partners["PIGEON_DESTINATIONS"]
    PIGEON_PUSH_URLS = partners["PIGEON_PUSH_URLS"]
