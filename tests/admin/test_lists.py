"""Lists of the admin: they show what there is, and cost the same however much that is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import (
    DestinationState,
    ItemToPush,
    Operation,
    OperationItem,
    Outcome,
    Publication,
    PushAttempt,
    Status,
)
from pigeon.models.operation import Door, Verb
from pigeon.models.publication import file_name, path_digest
from tests.admin.conftest import LogIn, item

TABLES = ("itemtopush", "pushattempt", "destinationstate", "operation", "publication")
#: Parameters that not every table knows.
OTHERS = {"status", "item", "outcome", "queue", "destination", "_changelist_filters"}
BOLD = "<b>bold & brave</b>"


def url(table: str, query: str = "") -> str:
    return f"/admin/pigeon/{table}/{query}"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def listed(answer: Any) -> list[int]:
    """Primary keys of the rows that the list shows."""
    assert answer.status_code == 200, answer
    return [row.pk for row in answer.context["cl"].result_list]


def attempt(of: ItemToPush, **values: Any) -> PushAttempt:
    defaults = {
        "destination": of.destination, "rule_name": of.rule_name, "started": timezone.now(),
        "worker": "host:1", "outcome": Outcome.PUSHED,
    }  # fmt: skip
    return PushAttempt.objects.create(item=of, **(defaults | values))


def publication(of: ItemToPush, path: str) -> Publication:
    now = timezone.now()
    return Publication.objects.create(
        destination=of.destination, path=path, remote_path=path, file_name=file_name(path),
        path_digest=path_digest(path), rule_name=of.rule_name, item_id=of.pk, size=1,
        sha256="0" * 64, rendered_at=now, published_date=now,
    )  # fmt: skip


def fill(number: int) -> None:
    """So many rows in each table."""
    for count in range(number):
        one = item(title=BOLD, message=BOLD)
        attempt(one, message=BOLD, transcript=[[0.5, BOLD]])
        publication(one, f"in/{count}-{one.pk}.xml")
        done = Operation.objects.create(
            moment=timezone.now(), actor=BOLD, door=Door.ADMIN, verb=Verb.RESET, number=1
        )
        OperationItem.objects.create(operation=done, item=one)
        DestinationState.objects.create(name=f"place {one.pk}", last_error=BOLD)


@pytest.mark.parametrize("table", TABLES)
def test_a_list_costs_the_same_however_long_it_is(viewer: Client, table: str) -> None:
    fill(1)
    viewer.get(url(table))  # which fills Django's caches
    with CaptureQueriesContext(connection) as few:
        assert len(listed(viewer.get(url(table)))) == 1
    fill(20)
    with CaptureQueriesContext(connection) as many:
        assert len(listed(viewer.get(url(table)))) == 21
    assert len(many) == len(few) <= 10


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_counted_beyond_a_limit(
    viewer: Client, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.admin.base.COUNTED", 3)
    monkeypatch.setattr("pigeon.admin.base.ReadOnlyAdmin.list_per_page", 2)
    fill(5)
    with CaptureQueriesContext(connection) as asked:
        answer = viewer.get(url(table))
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert len(listed(answer)) == 2
    assert len(listed(viewer.get(url(table, "?p=2")))) == 1
    assert "only the first 3 are listed" in text(answer)
    assert counts and all("LIMIT 3" in sql for sql in counts)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_is_read_only_and_escaped(operator: Client, table: str) -> None:
    fill(1)
    [pk] = listed(operator.get(url(table)))
    page = text(operator.get(url(table, f"{pk}/change/")))
    assert "_save" not in page
    assert "<b>bold" not in page and "<b>bold" not in text(operator.get(url(table)))
    assert operator.post(url(table, f"{pk}/change/"), {"title": "x"}).status_code == 403
    assert operator.get(url(table, "add/")).status_code == 403
    assert operator.post(url(table, f"{pk}/delete/"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("table", TABLES)
def test_who_may_not_see(login: LogIn, client: Client, table: str) -> None:
    assert client.get(url(table)).status_code == 302
    assert login("view_story", name="eve").get(url(table)).status_code == 403
    visitor = login("view_itemtopush", staff=False, name="stranger")
    assert visitor.get(url(table)).status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        "?o=1.-2.99.x", "?all=", "?p=999", "?p=x", "?_facets=True", "?status=errors", "?q=%00",
        "?q=%22a%22", "?destination=%00", "?destination=gone", "?item=7",
        "?outcome=nonsense", "?queue=nowhere", "?_changelist_filters=queue%3Dnowhere",
    ],
)  # fmt: skip
@pytest.mark.parametrize("table", TABLES)
def test_odd_addresses_are_answered(viewer: Client, table: str, query: str) -> None:
    fill(1)
    answer = viewer.get(url(table, query))
    assert answer.status_code in (200, 302, 400)
    names = query.lstrip("?").partition("=")[0]
    if answer.status_code == 400:
        assert names in OTHERS, "another table's filter"


@pytest.mark.parametrize("value", ["x", "-1", "²", "9" * 30, "0" * 5000])
def test_numbers_that_are_none_lead_back_to_the_list(viewer: Client, value: str) -> None:
    for table, name in (("itemtopush", "status"), ("pushattempt", "item")):
        answer = viewer.get(url(table, f"?{name}={value}"))
        assert (answer.status_code, answer["Location"]) == (302, f"{url(table)}?e=1")


def test_no_other_column_is_searched_or_sorted_by(viewer: Client) -> None:
    first, second = item(title="a"), item(title="b")
    assert viewer.get(url("itemtopush", "?title__contains=a")).status_code == 400
    assert viewer.get(url("itemtopush", "?message=a")).status_code == 400
    for column in range(10):
        assert listed(viewer.get(url("itemtopush", f"?o={column}"))) == [second.pk, first.pk]


def test_filters_of_items(viewer: Client) -> None:
    waiting = item()
    failed = item(status=Status.SEND_ERROR, destination="digest", rule_name="daily")
    for query, expected in {
        "?status=10": [waiting],
        "?status=130": [failed],
        "?status=errors": [failed],
        "?destination=digest": [failed],
        "?rule_name=partner&destination=beloved": [waiting],
        "?rule_name=daily&status=10": [],
    }.items():
        assert listed(viewer.get(url("itemtopush", query))) == [one.pk for one in expected], query


def test_searching_items(viewer: Client) -> None:
    first, second = item(object_id="4711"), item(title="Volcano")
    publication(second, "in/volcano.xml")
    Publication.objects.update(model_label="newsroom.story", order_key=second.order_key)
    for words, expected in {
        f"%23{first.pk}": [first],
        "newsroom.Story:4711": [first],
        "4711": [first],
        "volcano.xml": [second],
    }.items():
        assert listed(viewer.get(url("itemtopush", f"?q={words}"))) == [expected[0].pk], words
    answer = viewer.get(url("itemtopush", "?q=Volcano"))
    assert listed(answer) == [] and "The dashboard finds parts of titles" in text(answer)


def test_searching_publications(viewer: Client) -> None:
    publication(item(), "in/a.xml")
    wanted = publication(item(), "in/b.xml")
    assert listed(viewer.get(url("publication", "?q=b.xml"))) == [wanted.pk]
    assert listed(viewer.get(url("publication", "?q=in/b.xml"))) == [wanted.pk]


def test_attempts_of_an_item_and_by_outcome(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = item(), item()
    past = timezone.now() - timedelta(hours=1)
    old = attempt(one, outcome=Outcome.FAILED, started=past)
    new = attempt(one)
    attempt(other)
    assert listed(viewer.get(url("pushattempt", f"?item={one.pk}"))) == [new.pk, old.pk]
    assert listed(viewer.get(url("pushattempt", "?outcome=failed"))) == [old.pk]
    monkeypatch.setattr("pigeon.admin.filters.LATEST", 2)
    assert listed(viewer.get(url("pushattempt", "?outcome=failed"))) == [], "it is too long ago"


def test_an_attempt_is_told_in_words(viewer: Client) -> None:
    receipt = {"path": "a.xml", "remote_path": "/in/a.xml", "size": 81, "published": "rename"}
    tried = attempt(item(), duration=0.0638, receipts=[receipt])
    page = text(viewer.get(url("pushattempt", f"{tried.pk}/change/")))
    assert "/in/a.xml: size 81, published rename" in page
    assert "0.06<" in page
    assert "after 0.06 s" in text(viewer.get(url("itemtopush", f"{tried.item_id}/change/")))


@pytest.mark.parametrize("table", TABLES)
def test_nobody_is_asked_to_change_what_nobody_can(operator: Client, table: str) -> None:
    steered = table in {"itemtopush", "destinationstate"}
    assert ("to change</h1>" in text(operator.get(url(table)))) == steered


def test_a_long_sentence_is_cut_in_the_list(viewer: Client) -> None:
    DestinationState.objects.create(
        name="beloved", failures=1, next_probe=timezone.now(), last_error="It is far away. " * 9
    )
    page = text(viewer.get(url("destinationstate")))
    assert "It is far away." in page
    assert page.count("It is far away.") < 9


def test_dates_of_items(viewer: Client) -> None:
    day = timezone.now().replace(year=2024, month=2, day=29, hour=23)
    leap = item(creation_date=day)
    march = item(creation_date=day + timedelta(hours=2), status=Status.PUSHED)
    item()
    for query, expected in {
        "?date=2024-02-29": [leap],
        "?date=2024-02": [leap],
        "?date=2024": [march, leap],
        "?date=2024-03&status=50": [march],
        "?date=2024&q=%23" + str(leap.pk): [leap],
        "?date=2023": [],
    }.items():
        assert listed(viewer.get(url("itemtopush", query))) == [one.pk for one in expected], query
    page = text(viewer.get(url("itemtopush", "?date=2024-02")))
    assert "?date=2024-02-29" in page and "?date=2024-02-30" not in page


IMPOSSIBLE = ["0000", "0001", "1969-12", "2024-13", "2024-02-30", "9999", "9999-12", "x", ""]


@pytest.mark.parametrize("value", IMPOSSIBLE)
@pytest.mark.parametrize("table", ["itemtopush", "pushattempt", "operation"])
def test_impossible_dates_lead_back_to_the_list(
    viewer: Client, table: str, value: str, settings: Any
) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"  # there, the year 1 began before the calendar
    answer = viewer.get(url(table, f"?date={value}"))
    assert (answer.status_code, answer["Location"]) == (302, f"{url(table)}?e=1")


def test_of_a_long_time_the_newest_items_are_listed(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pigeon.admin.dates.LISTED", 2)
    rows = [item(status=status) for status in (Status.NEW, Status.PUSHED, Status.NEW)]
    year = timezone.now().year
    assert listed(viewer.get(url("itemtopush", f"?date={year}"))) == [rows[2].pk, rows[1].pk]
    every = [row.pk for row in reversed(rows)]
    for led in ("destination=beloved", "rule_name=partner", "q=%23" + str(rows[0].pk)):
        found = listed(viewer.get(url("itemtopush", f"?date={year}&{led}")))
        assert found == (every[-1:] if led.startswith("q=") else every), led


def test_a_destination_that_nobody_knows_is_filtered_by_too(viewer: Client, settings: Any) -> None:
    settings.PIGEON_DESTINATIONS, settings.PIGEON_PUSH_URLS = {}, {}
    gone = item(destination="gone")
    item()
    assert listed(viewer.get(url("itemtopush", "?destination=gone"))) == [gone.pk]


@pytest.mark.django_db(databases=["default", "other"])
def test_queues_of_several_databases(operator: Client, settings: Any) -> None:
    settings.PIGEON_DATABASES = ["default", "other"]
    here = item(title="Here")
    there = ItemToPush.objects.using("other").create(
        pk=here.pk, rule_name="partner", destination="beloved", title="There"
    )
    assert [row.title for row in operator.get(url("itemtopush")).context["cl"].result_list] == [
        "Here"
    ]
    found = operator.get(url("itemtopush", "?queue=other"))
    assert "There" in text(found) and "Here" not in text(found)
    row = url("itemtopush", f"{there.pk}/change/?_changelist_filters=queue%3Dother")
    assert row.encode() in found.content, "the row's link keeps the queue"
    assert "There" in text(operator.get(row))
    data = {"action": "cancel", "_selected_action": [there.pk]}
    operator.post(url("itemtopush", "?queue=other"), data)
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.status, there.status) == (Status.NEW, Status.CANCELLED)
    assert Operation.objects.using("other").count() == 1


def test_one_queue_has_no_filter_of_queues(viewer: Client) -> None:
    assert "queue=" not in text(viewer.get(url("itemtopush")))


def test_dates_without_time_zones(viewer: Client, settings: Any) -> None:
    settings.USE_TZ = False
    one = item(creation_date=datetime(2024, 2, 29, 23, 59))
    item(creation_date=datetime(2024, 3, 1))
    assert listed(viewer.get(url("itemtopush", "?date=2024-02-29"))) == [one.pk]


def test_pages_lead_to_the_dashboard(viewer: Client) -> None:
    one = item()
    assert "/pigeon/" in text(viewer.get(url("itemtopush")))
    page = text(viewer.get(url("itemtopush", f"{one.pk}/change/")))
    assert re.search(rf'href="/pigeon/items/default/{one.pk}/"', page)


def test_a_site_without_the_dashboard(viewer: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.admin.urls"
    one = item()
    assert "/pigeon/items" not in text(viewer.get(url("itemtopush", f"{one.pk}/change/")))
