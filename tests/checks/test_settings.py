"""Mistakes in the settings themselves."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from pigeon.checks import check_all, places
from tests.checks.conftest import Found
from tests.checks.test_rules import rule

SECRET = "hunter2"


def test_a_misspelt_setting(found: Found, settings: Any) -> None:
    settings.PIGEON_MAX_PUSH_ATTEMPT = 3
    message = found("W005")
    assert message.msg == ("Pigeon has no setting PIGEON_MAX_PUSH_ATTEMPT, so it has no effect.")
    assert str(message.hint).startswith("Did you mean 'PIGEON_MAX_PUSH_ATTEMPTS'? Known settings:")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "PUSH_URLS",
            {"partner": f"sftp://news:{SECRET}@host/"},
            "must be a dictionary whose values are lists of strings, but the value of 'partner' "
            "is a str",
        ),
        ("PUSH_URLS", [SECRET], "lists of strings, but it is a list"),
        ("PUSH_URLS", {1: []}, "a key is not a string"),
        (
            "DESTINATIONS",
            {"beloved": SECRET},
            "a dictionary whose values are dictionaries, but the value of 'beloved' is a str",
        ),
        ("CLASSES", "news.rules.Partner", "must be a list or tuple of strings, but it is a str"),
        ("DATABASES", [3], "it holds an int"),
        ("MAX_AGE", "7d", "must be a whole number, but it is a str"),
        ("MAX_AGE", True, "must be a whole number, but it is a bool"),
        ("MAX_AGE", 1.5, "must be a whole number, but it is a float"),
        ("POLL_INTERVAL", None, "must be a number, but it is a NoneType"),
        ("RETRY_SCHEDULE", 60, "must be a list or tuple of numbers, but it is an int"),
        ("OUTPUT_DIRECTORY", 7, "must be a string or a pathlib.Path, but it is an int"),
        ("TEMPLATE_ENGINE", None, "must be a string, but it is a NoneType"),
    ],
)
def test_a_value_of_the_wrong_type(
    found: Found, settings: Any, name: str, value: object, text: str
) -> None:
    setattr(settings, f"PIGEON_{name}", value)
    message = found("E016")
    assert text in message.msg
    assert message.obj == f"PIGEON_{name}"
    assert SECRET not in str(message)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("BATCH_SIZE", 0, "PIGEON_BATCH_SIZE is 0, but must be at least 1."),
        ("MAX_PUSH_ATTEMPTS", 0, "PIGEON_MAX_PUSH_ATTEMPTS is 0, but must be at least 1."),
        ("MAX_PROBE_INTERVAL", 0, "PIGEON_MAX_PROBE_INTERVAL is 0, but must be at least 1."),
        ("ALERT_INTERVAL", -1, "PIGEON_ALERT_INTERVAL is -1, but must be at least 0."),
        (
            "ALERT_EMAILS",
            ["ops@example.org", "ops"],
            "PIGEON_ALERT_EMAILS holds 'ops', which is no address.",
        ),
        ("RETRY_SCHEDULE", [], "PIGEON_RETRY_SCHEDULE is empty, but needs at least one entry."),
        ("RETRY_SCHEDULE", [60, -1], "PIGEON_RETRY_SCHEDULE holds a negative number of seconds."),
        ("DATABASES", [], "PIGEON_DATABASES is empty, but needs at least one entry."),
        (
            "CHECK_TOO_OLD_AGE",
            60,
            "PIGEON_CHECK_TOO_OLD_AGE is 60, which is less than PIGEON_CHECK_OLD_AGE (600).",
        ),
    ],
)
def test_an_impossible_value(
    found: Found, settings: Any, name: str, value: object, text: str
) -> None:
    setattr(settings, f"PIGEON_{name}", value)
    assert found("E017").msg == text


def test_no_output_directory(found: Found, settings: Any) -> None:
    del settings.PIGEON_OUTPUT_DIRECTORY
    message = found("E018")
    assert message.msg == "PIGEON_OUTPUT_DIRECTORY is not set, so nothing can be sent."
    assert 'PIGEON_OUTPUT_DIRECTORY = BASE_DIR / "var" / "export"' in str(message.hint)


def test_a_file_for_an_output_directory(found: Found, settings: Any, site: Path) -> None:
    (site / "file").write_text("")
    settings.PIGEON_OUTPUT_DIRECTORY = site / "file" / "export"
    message = found("E018")
    assert message.msg == (
        f"PIGEON_OUTPUT_DIRECTORY is {site}/file/export, but {site}/file is a file."
    )


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody without rights for a while, if we are root."""
    if os.getuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_an_output_directory_of_others(settings: Any, site: Path) -> None:
    site.chmod(0o555)
    settings.PIGEON_OUTPUT_DIRECTORY = site / "export"
    with as_nobody():
        [message] = places.check()
    site.chmod(0o755)
    assert message.id == "pigeon.W006"
    assert f"so it cannot keep parcels in {site}/export." in message.msg
    assert "PIGEON_OUTPUT_DIRECTORY" in str(message.hint)


def test_an_unknown_database(found: Found, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["defalt"]
    message = found("E019")
    assert message.msg == "PIGEON_DATABASES names 'defalt', which is no alias of DATABASES."
    assert str(message.hint).startswith("Did you mean 'default'? Known aliases: default, other")


@pytest.fixture
def sqlite_settings(monkeypatch: pytest.MonkeyPatch, site: Path) -> dict[str, Any]:
    """The settings of a database of this test's own, on disk."""
    settings = {**connections["other"].settings_dict}
    settings["NAME"] = site / "queue.sqlite3"
    settings["OPTIONS"] = {"transaction_mode": "IMMEDIATE"}
    monkeypatch.setattr(connections["other"], "settings_dict", settings)
    return settings


@pytest.fixture(autouse=True)
def _queue_in_other(request: pytest.FixtureRequest, settings: Any) -> None:
    if "sqlite_settings" in request.fixturenames:
        settings.PIGEON_DATABASES = ["other"]


def make(path: Path, journal_mode: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={journal_mode}")
    connection.execute("CREATE TABLE story (id INTEGER)")
    connection.commit()
    connection.close()


def test_sqlite_that_defers_its_locks(found: Found, sqlite_settings: dict[str, Any]) -> None:
    sqlite_settings["OPTIONS"] = {"init_command": "PRAGMA journal_mode=WAL;"}
    message = found("E020")
    assert message.msg == (
        "The SQLite database 'other' begins its transactions without a lock, so two workers "
        "that claim at once fail with 'database is locked'."
    )
    assert message.hint == (
        'Set DATABASES[\'other\']["OPTIONS"]["transaction_mode"] = "IMMEDIATE".'
    )


@pytest.mark.parametrize("there", [True, False])
def test_sqlite_without_a_log(found: Found, sqlite_settings: dict[str, Any], there: bool) -> None:
    if there:
        make(sqlite_settings["NAME"], "DELETE")
    message = found("E021")
    assert message.msg == (
        "The SQLite database 'other' does not use a write-ahead log, so pushing and saving lock "
        "each other out."
    )
    assert "PRAGMA journal_mode=WAL" in str(message.hint)


def test_sqlite_whose_file_has_a_log(sqlite_settings: dict[str, Any]) -> None:
    make(sqlite_settings["NAME"], "WAL")
    assert check_all(None) == []


def test_sqlite_in_memory_is_exempt(sqlite_settings: dict[str, Any]) -> None:
    sqlite_settings.update(NAME="file:memorydb_default?mode=memory&cache=shared", OPTIONS={})
    assert check_all(None) == []


def test_nothing_else_is_looked_at_while_settings_cannot_be_read(
    found: Found, settings: Any
) -> None:
    rule(on_invalid="ignore")
    settings.PIGEON_DESTINATIONS = []
    found("E016")
