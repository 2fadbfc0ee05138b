"""The admin's lists follow indexes, however long their tables are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import ItemToPush, PushAttempt, Status
from tests.admin.test_lists import url

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "postgresql"])]
#: Enough that PostgreSQL prefers an index where there is one.
ROWS = 20_000
LISTS = [
    ("itemtopush", ""),
    ("itemtopush", "?p=50"),
    ("itemtopush", "?destination=place 7"),
    ("itemtopush", "?rule_name=rule 3"),
    ("itemtopush", "?status=130"),
    ("itemtopush", "?status=errors"),
    ("itemtopush", "?destination=place 7&status=50"),
    ("itemtopush", "?date=2024-02"),
    ("itemtopush", "?q=4711"),
    ("itemtopush", "?q=%2312"),
    ("pushattempt", ""),
    ("pushattempt", "?destination=place 7"),
    ("pushattempt", "?item=12"),
    ("pushattempt", "?outcome=failed&destination=place 7"),
    ("pushattempt", "?date=2024-02"),
]


@pytest.fixture
def staff(alias: str) -> Client:
    """A superuser on a site whose queue is in ``alias``, and full."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    fill(alias)
    return client


def fill(alias: str) -> None:
    start = timezone.now() - timedelta(days=30)
    items = [
        ItemToPush(
            rule_name=f"rule {number % 10}", destination=f"place {number % 50}",
            model_label="newsroom.story", object_id=str(number), order_key=str(number),
            status=Status.SEND_ERROR if number % 500 == 0 else Status.PUSHED,
            creation_date=start + timedelta(minutes=number),
        )
        for number in range(ROWS)
    ]  # fmt: skip
    made = ItemToPush.objects.using(alias).bulk_create(items, batch_size=1000)
    PushAttempt.objects.using(alias).bulk_create(
        (
            PushAttempt(
                item=item, destination=item.destination, rule_name=item.rule_name, worker="w",
                started=item.creation_date, outcome="failed" if item.pk % 500 == 0 else "pushed",
            )
            for item in made
        ),
        batch_size=1000,
    )  # fmt: skip
    with connections[alias].cursor() as cursor:
        cursor.execute("ANALYZE pigeon_itemtopush")
        cursor.execute("ANALYZE pigeon_pushattempt")


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
def test_no_list_reads_or_sorts_a_whole_table(alias: str, staff: Client) -> None:
    for table, query in LISTS:
        with CaptureQueriesContext(connections[alias]) as asked:
            assert staff.get(url(table, query)).status_code == 200, query
        for sql in [each["sql"] for each in asked]:
            if "pigeon_itemtopush" in sql or "pigeon_pushattempt" in sql:
                assert read(alias, sql) <= 11_000, (query, sql)


def read(alias: str, sql: str) -> int:
    """The most rows that a step of the statement's plan read."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        [[found]] = cursor.fetchall()
    return max(rows_of(found[0]["Plan"]))


def rows_of(plan: dict[str, Any]) -> Iterator[int]:
    removed = plan.get("Rows Removed by Filter", 0)
    yield int((plan["Actual Rows"] + removed) * plan["Actual Loops"])
    for part in plan.get("Plans", ()):
        yield from rows_of(part)
