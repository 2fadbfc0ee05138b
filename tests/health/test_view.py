"""The view for load balancers: a status, one word, and no way to load the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pigeon.health import Health, Level, kept, unknown, view
from tests.management.test_check import ago, item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
URL = "/pigeon/health"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    view.latest.forget()
    yield
    view.latest.forget()


def answer(client: Client, query: str = "") -> tuple[int, str]:
    found = client.get(URL + query)
    assert found["Content-Type"] == "text/plain" and "no-cache" in found["Cache-Control"]
    return found.status_code, found.content.decode().strip()


def test_a_queue_that_is_well(client: Client) -> None:
    assert answer(client) == (200, "OK")


def test_what_a_partner_does_takes_no_server_out_of_service(client: Client) -> None:
    item(creation_date=ago(hours=1))
    assert answer(client) == (200, "CRITICAL")
    assert answer(client, "?fail=unknown") == (200, "CRITICAL")
    assert answer(client, "?fail=critical") == (503, "CRITICAL")
    assert answer(client, "?fail=warning") == (503, "CRITICAL")


def test_a_warning(client: Client) -> None:
    item(creation_date=ago(minutes=15))
    assert answer(client, "?fail=critical") == (200, "WARNING")
    assert answer(client, "?fail=warning") == (503, "WARNING")


def test_a_queue_that_cannot_be_read(client: Client, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["nowhere"]
    assert answer(client) == (503, "UNKNOWN")


@pytest.mark.parametrize("query", ["?fail=", "?fail=no", "?fail=%00", "?fail=<b>x</b>"])
def test_nonsense(client: Client, query: str) -> None:
    status, words = answer(client, query)
    assert status == 400 and words == "fail must be one of: unknown, critical, warning."


def test_only_reading(client: Client) -> None:
    assert client.head(URL).status_code == 200
    assert client.post(URL).status_code == 405


def test_it_asks_nobody_to_log_in(client: Client, settings: Any) -> None:
    name = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    assert answer(client) == (200, "OK")


def test_many_requests_ask_the_database_once(client: Client) -> None:
    answer(client)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(20):
            assert answer(client, "?fail=warning") == (200, "OK")
    assert len(asked) == 0


def test_the_answer_is_not_kept_for_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(client)
    item(creation_date=ago(hours=1))
    assert answer(client) == (200, "OK")
    monkeypatch.setattr("pigeon.health.kept.GOOD", 0)
    assert answer(client) == (200, "CRITICAL")


def test_while_one_asks_the_others_get_the_latest_answer() -> None:
    asking, go = threading.Event(), threading.Event()
    answers = [Health(Level.OK, ("well",))]

    def ask() -> Health:
        if answers:
            return answers.pop()
        asking.set()
        assert go.wait(60)
        return unknown("changed")

    latest = kept.Kept(ask)
    assert latest().level is Level.OK
    latest._latest = (-1e9, Health(Level.OK, ("old",)))
    slow = threading.Thread(target=latest)
    slow.start()
    assert asking.wait(60)
    assert latest().sentences == ("old",), "not held up by the one that asks"
    go.set()
    slow.join(60)
    assert latest().level is Level.UNKNOWN


def test_who_finds_no_answer_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pigeon.health.kept.PATIENCE", 0.01)
    asking, go = threading.Event(), threading.Event()

    def ask() -> Health:
        asking.set()
        assert go.wait(60)
        return unknown("x")

    latest = kept.Kept(ask)
    slow = threading.Thread(target=latest)
    slow.start()
    assert asking.wait(60)
    assert latest().sentences == ("the database does not answer",)
    go.set()
    slow.join(60)


def test_strangers_learn_nothing(client: Client, site: Path) -> None:
    item(destination="secret partner", creation_date=ago(hours=1))
    found = client.get(URL + "?fail=warning")
    assert found.content == b"CRITICAL\n"
