from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pigeon.health.view import latest
from pigeon.models import DestinationState, ItemToPush
from pigeon.models.tally import Period, Tally, start_of, stored
from pigeon.queue import add
from pigeon.registry import registry

pytestmark = pytest.mark.usefixtures("desk")


def words(answer: Any) -> str:
    """What a page says, without tags."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", answer.content.decode())).split())


def queue(number: int, destination: str = "beloved", **more: Any) -> None:
    add(
        [
            ItemToPush(
                rule_name="partner",
                destination=destination,
                model_label="newsroom.story",
                object_id=str(key),
                **more,
            )
            for key in range(number)
        ],
        "default",
    )


def test_the_verdict_comes_first(viewer: Client) -> None:
    answer = viewer.get(reverse("pigeon:home"))
    assert "Everything is all right" in answer.content.decode()
    assert 'data-level="ok"' in answer.content.decode()
    assert "Nothing waits." in answer.content.decode()


def test_the_verdict_says_that_something_waits_too_long(viewer: Client) -> None:
    queue(1, creation_date=timezone.now() - timedelta(hours=3))
    answer = viewer.get(reverse("pigeon:home"))
    assert 'data-level="critical"' in answer.content.decode()
    assert "Something is wrong: act now" in words(answer)
    assert "waiting 3 h for beloved" in words(answer)


def test_backlog_age_and_throughput_of_destination_and_rule(viewer: Client) -> None:
    queue(3, creation_date=timezone.now() - timedelta(minutes=7))
    for period in (Period.MINUTE, Period.HOUR):
        since = stored(start_of(period, timezone.now()))
        Tally.objects.create(
            destination="beloved", rule_name="partner", period=period, since=since,
            pushed=1234, retried=66, bytes_sent=5_000_000,
        )  # fmt: skip
    shown = words(viewer.get(reverse("pigeon:home")))
    row = "3 7 min 1\N{NARROW NO-BREAK SPACE}234 66 1\N{NARROW NO-BREAK SPACE}234 66 94.9 %"
    row = " ".join(row.split())
    assert f"Well {row}" in shown, "the destination"
    assert f"beloved {row}" in shown, "the rule"
    assert "5.0 MB" in shown


def test_what_ends_with_a_question_gets_no_full_stop(viewer: Client) -> None:
    DestinationState.objects.create(
        name="beloved", failures=1, next_probe=timezone.now(), last_error="Is the server up?"
    )
    queue(1)
    shown = words(viewer.get(reverse("pigeon:home")))
    assert "Is the server up?" in shown
    assert "up?." not in shown


def test_a_stopped_destination_says_why_and_what_to_do(viewer: Client) -> None:
    DestinationState.objects.create(
        name="beloved",
        next_probe=timezone.now() + timedelta(minutes=5),
        stopped_reason="The server has no space left.",
        fingerprint=registry.destinations()["beloved"].fingerprint(),
        last_error="The server has no space left.",
        last_error_date=timezone.now(),
    )
    shown = words(viewer.get(reverse("pigeon:home")))
    assert "Stopped" in shown
    assert shown.count("no space left") == 1, "not said twice"
    assert "What to do: The partner's disk is full" in shown


def test_a_paused_destination_says_who_and_why(viewer: Client) -> None:
    DestinationState.objects.create(
        name="beloved", paused_date=timezone.now(), paused_by="grace", paused_reason="they move"
    )
    shown = words(viewer.get(reverse("pigeon:home")))
    assert re.search(r"Paused by grace since [-\d: UTC]+: they move\.", shown)


def test_items_of_a_destination_that_is_gone_are_seen(viewer: Client) -> None:
    queue(2, destination="sftp://news@old.example/in/../%2F")
    shown = viewer.get(reverse("pigeon:home"))
    assert "Not in the settings" in words(shown)
    [url] = re.findall(r'<a href="(/pigeon/destinations/sftp[^"]*)"', shown.content.decode())
    page = viewer.get(unescape(url))
    assert page.status_code == 200
    assert "sftp://news@old.example/in/../%2F" in words(page)


def test_items_without_a_destination_are_seen_too(viewer: Client) -> None:
    queue(2, destination="")
    answer = viewer.get(reverse("pigeon:home"))
    assert "no destination" in words(answer)
    assert 'data-row="destination:"' in answer.content.decode()


def test_what_has_to_be_looked_at_comes_first(viewer: Client, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS = {
        name: {"URL": f"dummy://{name}"} for name in ("a", "b", "c", "d")
    }
    settings.PIGEON_PUSH_URLS = {"partner": ["a", "b", "c", "d"]}
    DestinationState.objects.create(name="b", paused_date=timezone.now())
    DestinationState.objects.create(name="c", failures=1, next_probe=timezone.now())
    refused = registry.destinations()["d"].fingerprint()
    DestinationState.objects.create(name="d", stopped_reason="no", fingerprint=refused)
    text = viewer.get(reverse("pigeon:home")).content.decode()
    assert re.findall(r'data-row="destination:(\w)"', text) == ["d", "c", "b", "a"]


def test_a_site_without_rules_is_told_what_to_do(viewer: Client) -> None:
    with registry.isolated():
        shown = words(viewer.get(reverse("pigeon:home")))
    assert "No rule is registered yet" in shown


def test_stored_html_stays_text(viewer: Client) -> None:
    DestinationState.objects.create(
        name="beloved", paused_date=timezone.now(), paused_reason="<script>alert(1)</script>"
    )
    text = viewer.get(reverse("pigeon:home")).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_number_of_queries_does_not_grow(
    viewer: Client, settings: Any, django_assert_max_num_queries: Any
) -> None:
    names = [f"partner{number}" for number in range(40)]
    settings.PIGEON_DESTINATIONS = {name: {"URL": f"dummy://{name}"} for name in names}
    settings.PIGEON_PUSH_URLS = {"partner": names}
    for name in names:
        queue(2, destination=name)
    latest.forget()  # when the verdict is looked for anew, it costs most
    with django_assert_max_num_queries(15):
        assert viewer.get(reverse("pigeon:home")).status_code == 200
    latest.forget()
    with django_assert_max_num_queries(15):
        assert viewer.get(reverse("pigeon:live")).status_code == 200
