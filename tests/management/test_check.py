"""``pigeon_check``: one line and four statuses."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import DestinationState, ItemToPush, Status
from pigeon.registry import registry
from tests.management.conftest import Run, Said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
CALM = (
    "oldest=0s;600;1800;0 waiting=0;;;0 failed=0;0;;0 stopped=0;;0;0 failing=0;0;;0 "
    "paused=0;0;;0 orphans=0;0;;0 abandoned=0;0;;0"
)
PLUGIN = re.compile(
    r"PIGEON (OK|WARNING|CRITICAL|UNKNOWN) - [^|]+( \| (\w+=[\d.]+s?(;\d*){3} ?)+)?"
)


def ago(**length: float) -> Any:
    return timezone.now() - timedelta(**length)


def item(**values: Any) -> ItemToPush:
    defaults = {
        "rule_name": "partner",
        "destination": "beloved",
        "model_label": "newsroom.story",
        "object_id": str(ItemToPush.objects.count()),
    }
    return ItemToPush.objects.create(**(defaults | values))


def text(said: Said) -> str:
    [line] = said.lines
    assert PLUGIN.fullmatch(line), line
    return line.partition(" | ")[0]


def number(said: Said, name: str) -> str:
    found = re.search(rf"\b{name}=([^;]+)", said.out)
    assert found
    return found[1]


def test_nothing_waits(run: Run) -> None:
    said = run("pigeon_check")
    assert (said.status, said.err) == (0, "")
    assert said.out == f"PIGEON OK - nothing waits | {CALM}\n"


def test_what_waits_not_long_is_ok(run: Run) -> None:
    item(creation_date=ago(seconds=300))
    item()
    said = run("pigeon_check")
    assert said.status == 0
    assert text(said) == "PIGEON OK - 2 items waiting, the oldest for 5 min"
    assert number(said, "waiting") == "2"
    assert number(said, "oldest") in ("300s", "301s")


@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [(700, 1, "WARNING"), (2000, 2, "CRITICAL")],
)
def test_what_waits_too_long(run: Run, seconds: int, status: int, words: str) -> None:
    item(creation_date=ago(seconds=seconds))
    said = run("pigeon_check")
    assert said.status == status
    minutes = seconds // 60
    assert text(said) == (
        f"PIGEON {words} - the oldest item has been waiting {minutes} min for beloved"
    )


def test_the_limits_are_settings(run: Run, settings: Any) -> None:
    settings.PIGEON_CHECK_OLD_AGE, settings.PIGEON_CHECK_TOO_OLD_AGE = 10, 2.5e4
    item(creation_date=ago(seconds=20))
    said = run("pigeon_check")
    assert said.status == 1
    assert ";10;25000;0" in said.out


def test_a_retry_counts_from_its_creation(run: Run) -> None:
    when = timezone.now() + timedelta(hours=1)
    item(status=Status.RETRY, push_attempts=3, next_attempt_date=when, creation_date=ago(hours=3))
    assert text(run("pigeon_check")).endswith("waiting 3 h for beloved")


@pytest.mark.parametrize(
    ("since", "again"),
    [
        ("next_attempt_date", {"status": Status.RETRY, "push_attempts": 0}),
        ("render_after", {"status": Status.NEW}),
    ],
)
def test_what_is_sent_again_waits_since_then(run: Run, since: str, again: dict[str, Any]) -> None:
    item(creation_date=ago(days=30), **again, **{since: ago(seconds=1)})
    assert run("pigeon_check").status == 0


def test_a_worker_that_stopped(run: Run) -> None:
    ended = {"status": Status.IN_PROGRESS, "lease_until": ago(seconds=5)}
    item(**ended)
    said = run("pigeon_check")
    assert said.status == 1
    assert text(said) == (
        "PIGEON WARNING - a worker stopped and left 1 item to the next pigeon_push"
    )
    assert number(said, "abandoned") == "1"
    item(**ended, creation_date=ago(hours=1))
    assert run("pigeon_check").status == 2, "what a dead worker holds waits as well"


def test_what_a_worker_holds_is_well(run: Run) -> None:
    until = timezone.now() + timedelta(seconds=60)
    item(status=Status.IN_PROGRESS, lease_until=until, creation_date=ago(hours=1))
    assert run("pigeon_check").status == 0


def test_failed_items_of_the_last_day(run: Run) -> None:
    item(status=Status.SEND_ERROR, last_push_attempts_date=ago(hours=1), creation_date=ago(days=3))
    item(status=Status.FILTER_BY_STATE_ERROR, creation_date=ago(hours=2))
    item(
        status=Status.SEND_ERROR, last_push_attempts_date=ago(hours=25), creation_date=ago(days=3)
    )
    item(status=Status.PUSHED, last_push_attempts_date=ago(hours=1))
    said = run("pigeon_check")
    assert said.status == 1
    assert text(said) == "PIGEON WARNING - 2 items failed within a day"
    assert number(said, "failed") == "2"


def closed(**values: Any) -> None:
    fingerprint = registry.destinations()["beloved"].fingerprint()
    defaults = {"name": "beloved", "next_probe": timezone.now() + timedelta(hours=1)}
    DestinationState.objects.create(**(defaults | {"fingerprint": fingerprint} | values))


def test_a_failing_destination(run: Run) -> None:
    item()
    closed(failures=2, last_error="No route to host.")
    said = run("pigeon_check")
    assert said.status == 1
    assert re.fullmatch(
        r"PIGEON WARNING - beloved is failing, next try at [-\d]+ [:\d]+ UTC: No route to host",
        text(said),
    )
    assert (number(said, "failing"), number(said, "stopped")) == ("1", "0")


def test_a_stopped_destination(run: Run) -> None:
    item()
    closed(stopped_reason="Login refused | mind\nthe password.")
    said = run("pigeon_check")
    assert said.status == 2
    assert "beloved is stopped, next try at " in text(said)
    assert text(said).endswith("Login refused mind the password")
    assert (number(said, "failing"), number(said, "stopped")) == ("0", "1")


@pytest.mark.parametrize("change", ["nothing waits", "configured anew", "due for a probe"])
def test_a_stopped_destination_that_is_no_trouble_now(run: Run, change: str) -> None:
    values: dict[str, Any] = {"stopped_reason": "Login refused."}
    if change != "nothing waits":
        item()
    if change == "configured anew":
        values["fingerprint"] = "another"
    if change == "due for a probe":
        values["next_probe"] = ago(seconds=1)
    closed(**values)
    assert run("pigeon_check").status == 0


def test_destinations_and_rules_that_no_longer_exist(run: Run) -> None:
    for _ in range(2):
        item(destination="gone")
    item(rule_name="bygone")
    item(destination="gone too", status=Status.PUSHED)
    said = run("pigeon_check")
    assert said.status == 1
    assert text(said) == (
        "PIGEON WARNING - 1 item for rule 'bygone', which no longer exists; 2 items for "
        "destination 'gone', which no longer exists"
    )
    assert number(said, "orphans") == "3"


def test_the_worst_comes_first(run: Run) -> None:
    item(status=Status.SEND_ERROR, last_push_attempts_date=ago(hours=1))
    item(creation_date=ago(minutes=20))
    closed(stopped_reason="Login refused.")
    said = run("pigeon_check")
    assert said.status == 2
    assert re.fullmatch(
        r"PIGEON CRITICAL - beloved is stopped, next try at .*: Login refused; the oldest item "
        r"has been waiting 20 min for beloved; 1 item failed within a day",
        text(said),
    )


def test_numbers_for_programs(run: Run) -> None:
    item(creation_date=ago(hours=1))
    said = run("pigeon_check --format json")
    assert said.status == 2
    assert said.json["status"] == "CRITICAL"
    assert said.json["code"] == 2
    assert said.json["measures"]["waiting"] == "1"
    assert "waiting 60 min" in said.json["sentences"][0]


def test_a_database_that_does_not_exist(run: Run, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["nowhere"]
    said = run("pigeon_check")
    assert said.status == 3
    assert said.out == (
        "PIGEON UNKNOWN - The database cannot be used: The connection 'nowhere' doesn't exist. "
        "Check DATABASES and PIGEON_DATABASES, and that 'manage.py migrate' has been run for "
        "each alias.\n"
    )


def test_tables_that_are_missing(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pigeon_itemtopush RENAME TO elsewhere")
    said = run("pigeon_check")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO pigeon_itemtopush")
    assert said.status == 3
    assert text(said).startswith(
        "PIGEON UNKNOWN - The database cannot be used: no such table: pigeon_itemtopush. "
    )


def test_settings_that_cannot_be_read(run: Run, settings: Any) -> None:
    settings.PIGEON_CHECK_OLD_AGE = "600"
    assert run("pigeon_check").status == 3


def test_every_database_is_looked_at(run: Run, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "default"]
    item()
    assert number(run("pigeon_check"), "waiting") == "2"


def plans(queries: list[dict[str, str]]) -> list[str]:
    found = []
    with connections["default"].cursor() as cursor:
        for query in queries:
            if "pigeon_itemtopush" in query["sql"]:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                found += [row[3] for row in cursor.fetchall()]
    return found


def test_no_query_reads_or_sorts_the_whole_table(run: Run) -> None:
    for destination in ("beloved", "digest", "gone"):
        item(destination=destination)
    with CaptureQueriesContext(connection) as captured:
        run("pigeon_check")
    few = len(captured)
    found = plans(captured.captured_queries)
    assert found
    for step in found:
        assert "TEMP B-TREE" not in step, found
        if step.startswith("SCAN pigeon_itemtopush"):
            # The first name in the index: one row of it is read.
            assert "USING COVERING INDEX pigeon_item_" in step
    ItemToPush.objects.bulk_create(
        ItemToPush(rule_name="partner", destination="beloved", order_key=str(number))
        for number in range(300)
    )
    with CaptureQueriesContext(connection) as captured:
        run("pigeon_check")
    assert len(captured) == few


@pytest.fixture
def hours(settings: Any) -> Any:
    """Give a destination hours that are (not) now."""

    def set_hours(text: str) -> None:
        url = settings.PIGEON_DESTINATIONS["beloved"]["URL"]
        places = {"beloved": {"URL": url, "OPTIONS": {"hours": text}}}
        settings.PIGEON_DESTINATIONS = settings.PIGEON_DESTINATIONS | places

    return set_hours


def window(start: float, end: float) -> str:
    """From and to so many minutes from now."""
    now = timezone.now()
    times = [f"{now + timedelta(minutes=each):%H:%M}" for each in (start, end)]
    return f"{times[0]}-{times[1]} UTC"


def test_what_waits_out_of_hours_is_no_alarm(run: Run, hours: Any) -> None:
    hours(window(180, 240))
    item(creation_date=ago(hours=20))
    said = run("pigeon_check")
    assert said.status == 0
    assert "beloved is out of its hours until" in text(said)
    assert number(said, "waiting") == "1" and number(said, "oldest") == "0s"


def test_within_hours_age_counts_from_the_opening(run: Run, hours: Any) -> None:
    item(creation_date=ago(hours=20))
    hours(window(-5, 60))
    assert run("pigeon_check").status == 0
    hours(window(-60, 60))
    said = run("pigeon_check")
    assert said.status == 2
    assert 3500 < int(number(said, "oldest").rstrip("s")) < 3800


def test_what_is_old_elsewhere_is_an_alarm_whatever_rests(
    run: Run, hours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.queue.glance.OLDEST", 3)
    hours(window(180, 240))
    for _ in range(5):
        item(creation_date=ago(hours=20))
    item(destination="digest", rule_name="daily", creation_date=ago(hours=2))
    said = run("pigeon_check")
    assert (said.status, "for digest" in said.out) == (2, True)


def test_a_push_and_its_outlook_say_when_it_opens(run: Run, hours: Any) -> None:
    hours(window(180, 240))
    item()
    said = run("pigeon_push --format json")
    assert list(said.json["out_of_hours"]) == ["beloved"] and said.status == 0
    outlook = run("pigeon_push --dry-run")
    assert "beloved" in outlook.lines[0] and "out of its hours until" in outlook.lines[0]
    [planned] = run("pigeon_push --dry-run --format json").json
    assert planned["going"] == []
    assert "out of its hours until" in planned["waiting"][0]["waits"]
