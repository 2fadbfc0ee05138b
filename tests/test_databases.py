"""The databases of the tests are what the tests take them for."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connections

from tests.apps.newsroom.models import Story


def test_every_queue_is_a_real_database(alias: str) -> None:
    Story.objects.using(alias).create(title="Grüße")
    assert Story.objects.using(alias).get().title == "Grüße"
    assert [alias] == settings.PIGEON_DATABASES
    expected = {"default": "sqlite", "postgresql": "postgresql"}[alias]
    assert connections[alias].vendor == expected


@pytest.mark.django_db(transaction=True)
def test_commits_are_commits(alias: str) -> None:
    assert not connections[alias].in_atomic_block


def test_sqlite_is_set_up_as_the_queue_needs_it(db: None) -> None:
    with connections["default"].cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    assert mode == "wal"
    assert connections["default"].transaction_mode == "IMMEDIATE"
