"""A partner's page: what a destination got, as a table and as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pigeon.models import PushAttempt
from tests.dashboard.newsdesk import publish, push, text

pytestmark = pytest.mark.usefixtures("desk")
DELIVERED = "/pigeon/delivered/"


def yesterday() -> datetime:
    """Noon of it."""
    day = timezone.localdate() - timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(12)))


def table(client: Client, **asked: Any) -> list[list[str]]:
    """The rows of the CSV."""
    response = client.get(DELIVERED, {"format": "csv", **asked})
    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(response).decode())))


def test_what_did_a_partner_get_yesterday(viewer: Client) -> None:
    item = publish("One")
    push()
    PushAttempt.objects.update(started=yesterday())
    publish("Today's")
    push()
    receipt = item.attempts.get().receipts[0]
    page = text(viewer, DELIVERED, destination="beloved")
    assert "What beloved got" in page
    assert "One" in page
    assert receipt["sha256"] in page
    assert "Today&#x27;s" not in page
    headings, row = table(viewer, destination="beloved")
    cells = dict(zip(headings, row, strict=True))
    assert cells["item"] == str(item.pk)
    assert cells["object"] == f"newsroom.story {item.object_id}"
    assert cells["title"] == "One"
    assert cells["remote_path"] == receipt["remote_path"]
    assert cells["size"] == str(receipt["size"])
    assert cells["sha256"] == receipt["sha256"]
    assert cells["moment"].startswith(f"{yesterday():%Y-%m-%d}")


def test_times_of_ones_own(viewer: Client) -> None:
    publish("One")
    push()
    now = timezone.localtime()
    hour = {"since": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    hour |= {"until": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}", "destination": "beloved"}
    assert len(table(viewer, **hour)) == 2
    assert len(table(viewer, **(hour | {"destination": "other"}))) == 1
    page = text(viewer, DELIVERED, **hour)
    for address in re.findall(r'<a href="(\?[^"]+)">Today', page):
        assert "One" in text(viewer, DELIVERED + address.replace("&amp;", "&"))


def test_a_cell_is_never_a_formula(viewer: Client) -> None:
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "|calc", "'quoted", "a=b"]
    for title in titles:
        publish(title)
    push()
    PushAttempt.objects.update(started=yesterday())
    headings, *rows = table(viewer, destination="beloved")
    shown = {row[headings.index("title")] for row in rows}
    assert shown == {f"'{title}" for title in titles[:8]} | {"'quoted", "a=b"}


def test_a_long_table_has_pages_and_the_csv_has_all(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.overview.delivered.BATCH", 3)
    for n in range(8):
        publish(f"Story {n}")
    push()
    for n, attempt in enumerate(PushAttempt.objects.all()):
        attempt.started = yesterday() + timedelta(seconds=n // 2)
        attempt.save()
    titles = [f"Story {n}" for n in range(8)]
    headings, *rows = table(viewer, destination="beloved")
    assert sorted(row[headings.index("title")] for row in rows) == titles
    seen: list[str] = []
    address = "?destination=beloved"
    for _ in range(9):
        page = text(viewer, DELIVERED + address)
        seen += re.findall(r"Story \d", page)
        following = re.findall(r'href="(\?[^"]+)" rel="next"', page)
        if not following:
            break
        address = following[0].replace("&amp;", "&")
    assert sorted(seen) == titles


def test_the_empty_form_says_what_it_is_for(viewer: Client) -> None:
    assert "Choose a destination and a time" in text(viewer, DELIVERED)


def test_a_file_that_was_left_alone_did_not_arrive(viewer: Client) -> None:
    publish("One")
    push()
    attempt = PushAttempt.objects.get()
    attempt.started = yesterday()
    attempt.receipts[0]["published"] = "skipped"
    attempt.save()
    assert len(table(viewer, destination="beloved")) == 1
    assert "Nothing landed there in that time." in text(viewer, DELIVERED, destination="beloved")


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "x"},
        {"since": "2026-02-01T00:00", "until": "2026-01-01T00:00"},
        {"using": "nowhere"},
        {"destination": ""},
        {"destination": "x\0"},
        {"until": "9999-12-31T23:59"},
    ],
)
def test_what_cannot_be_read_is_said(viewer: Client, wrong: dict[str, str]) -> None:
    asked = {"destination": "beloved", "format": "csv"} | wrong
    assert 'role="alert"' in text(viewer, DELIVERED, **asked)


def test_nobody_is_asked_for_yet(viewer: Client) -> None:
    page = text(viewer, DELIVERED)
    assert 'role="alert"' not in page
    assert '<option value="beloved">beloved</option>' in page
    assert "Nothing landed" not in page
