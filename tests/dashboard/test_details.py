from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pigeon.models import DestinationState
from pigeon.models.tally import Period, Tally, start_of, stored
from tests.dashboard.test_home import queue, words

pytestmark = pytest.mark.usefixtures("desk")


def tally(period: Period, back: int, **numbers: int) -> None:
    since = start_of(period, timezone.now()) - timedelta(seconds=int(period) * back)
    Tally.objects.create(
        destination="beloved", rule_name="partner", period=period, since=stored(since), **numbers
    )


@pytest.mark.parametrize("name", ["nobody", "a\0b", "x" * 5000, "<b>", "%", "'; --"])
@pytest.mark.parametrize("kind", ["destination", "rule"])
def test_what_does_not_exist_is_not_found(viewer: Client, kind: str, name: str) -> None:
    answer = viewer.get(reverse(f"pigeon:{kind}", args=[name]))
    assert answer.status_code == 404
    assert "Not found" in words(answer)
    assert b"<b>" not in answer.content


def test_the_page_of_a_destination(viewer: Client) -> None:
    queue(4)
    DestinationState.objects.create(name="beloved", last_success_date=timezone.now())
    shown = words(viewer.get(reverse("pigeon:destination", args=["beloved"])))
    assert "beloved Well" in shown
    assert "dummy://beloved" in shown
    assert "Waiting 4" in shown
    assert "Nothing is in the way." in shown
    assert "Rules partner" in shown


def test_the_page_of_a_rule(viewer: Client) -> None:
    queue(4)
    shown = words(viewer.get(reverse("pigeon:rule", args=["partner"])))
    assert "Waiting 4" in shown
    assert "Models newsroom.story" in shown
    assert "Destinations beloved" in shown


@pytest.mark.parametrize(
    ("span", "period", "points"),
    [
        ("hour", Period.MINUTE, 60),
        ("day", Period.HOUR, 24),
        ("week", Period.HOUR, 168),
        ("month", Period.DAY, 31),
    ],
)
def test_the_table_says_what_the_chart_draws(
    viewer: Client, span: str, period: Period, points: int
) -> None:
    tally(period, 2, pushed=3, failed=1, bytes_sent=2000, seconds=2.0)
    url = reverse("pigeon:destination", args=["beloved"])
    shown = words(viewer.get(url, {"range": span}))
    assert "3 1 75.0 % 2.0 KB 0.50 s" in shown
    data = viewer.get(reverse("pigeon:series"), {"range": span, "destination": "beloved"}).json()
    assert len(data["times"]) == len(data["points"]) == points
    assert data["pushed"][-3:] == [3, 0, 0]
    assert data["failed"][-3:] == [1, 0, 0]
    assert data["points"][2]["rate"] == "75.0 %"
    elsewhere = viewer.get(reverse("pigeon:series"), {"range": span, "rule": "other"}).json()
    assert not any(elsewhere["pushed"])


@pytest.mark.parametrize("span", ["", "year", "hour' or 1=1", "\0", "🕊", "DAY"])
def test_a_range_that_there_is_not_is_a_day(viewer: Client, span: str) -> None:
    for url in (
        reverse("pigeon:home"),
        reverse("pigeon:destination", args=["beloved"]),
        reverse("pigeon:rule", args=["partner"]),
    ):
        assert viewer.get(url, {"range": span}).status_code == 200
    data = viewer.get(reverse("pigeon:series"), {"range": span, "rule": "\0", "destination": "\0"})
    assert len(data.json()["times"]) == 24


@pytest.mark.parametrize("name", ["home", "live", "series"])
def test_a_site_without_time_zones(viewer: Client, settings: Any, name: str) -> None:
    settings.USE_TZ = False
    queue(2)
    DestinationState.objects.create(name="beloved", paused_date=timezone.now())
    assert viewer.get(reverse(f"pigeon:{name}")).status_code == 200


def test_days_are_named_in_the_sites_time_zone(viewer: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"
    data = viewer.get(reverse("pigeon:series"), {"range": "day"}).json()
    assert data["zone"] == "Asia/Kathmandu"
    assert data["points"][0]["time"].endswith(":45")
