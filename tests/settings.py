"""The site that the tests run on.

Under pytest, databases are files in the folder of the run (see ``tests/scratch.py``), and
processes that a test starts with ``DJANGO_SETTINGS_MODULE=tests.settings`` use the same ones.
"""

import os
from pathlib import Path

from tests import capabilities, scratch

HERE = Path(__file__).resolve().parent
#: The folder of this run, or ``None`` outside pytest (migrations, type checks).
SCRATCH = scratch.FOLDER


def sqlite(name: str) -> dict[str, object]:
    """A database of the kind that Pigeon's checks ask for: WAL, IMMEDIATE transactions."""
    path = str(SCRATCH / f"{name}.sqlite3") if SCRATCH else ":memory:"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # Made in any order: Django takes it that all depend on "default".
        "TEST": {"NAME": path, "DEPENDENCIES": []},
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
        },
    }


DATABASES = {"default": sqlite("default"), "other": sqlite("other")}
if SCRATCH and capabilities.postgresql():
    # The server is started when the first test that wants it runs; its socket is here.
    DATABASES["postgresql"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "pigeon",
        "TEST": {"NAME": "pigeon", "DEPENDENCIES": []},
        "USER": "pigeon",
        "HOST": str(SCRATCH / "postgresql"),
    }

SECRET_KEY = "only for tests"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = os.environ.get("PIGEON_TEST_AUTO_FIELD", "django.db.models.BigAutoField")
ROOT_URLCONF = "tests.urls"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "pigeon",
    "tests.apps.newsroom",
    "tests.apps.tracked",
    "tests.apps.tube",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
STATIC_URL = "/static/"
MIGRATION_MODULES = {"newsroom": None}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
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
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

PIGEON_DATABASES = ["default"]
PIGEON_OUTPUT_DIRECTORY = (SCRATCH or HERE.parent / "var" / "tests") / "export"
MEDIA_ROOT = (SCRATCH or HERE.parent / "var" / "tests") / "media"
