"""Long tables: read along an index, a bounded number of rows a request, never counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from pigeon.api import pages
from pigeon.models import Outcome
from tests.api.asker import Asker
from tests.api.making import item, receipt, tried

#: Users are in the first database, wherever the queue is.
pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 3 rows, 6 rows a request."""
    monkeypatch.setattr(pages, "WINDOW", 3)
    monkeypatch.setattr(pages, "LOOKED_AT", 6)


def test_a_rare_thing_is_looked_for_in_windows(small: None, viewer: Asker, alias: str) -> None:
    waiting = item(alias)
    for number in range(20):
        tried(waiting, number, outcome=Outcome.FAILED if number == 2 else Outcome.PUSHED)
    with CaptureQueriesContext(connections[alias]) as queries:
        first = viewer.get("attempts", outcome="failed")
    assert first["results"] == []
    assert first["next"]
    assert len([each for each in queries if "pushattempt" in each["sql"]]) == 2
    found = viewer.pages("attempts", outcome="failed")
    assert [len(page) for page in found] == [0, 0, 1, 0]


def test_a_page_that_ends_within_an_attempt(small: None, viewer: Asker) -> None:
    waiting = item()
    for number in range(4):
        files = [receipt(f"{number}{letter}.xml") for letter in "abcde"]
        tried(waiting, number, receipts=files)
    expected = [f"{number}{letter}.xml" for number in range(4) for letter in "abcde"]
    for size in (1, 2, 4, 5, 7, 19, 20, 21):
        found = viewer.pages("logs", page_size=size, ordering="created")
        assert [each["filename"] for page in found for each in page] == expected
        assert max(map(len, found)) <= size


def test_what_comes_meanwhile_moves_nothing(viewer: Asker) -> None:
    waiting = item()
    for number in range(4):
        tried(waiting, number)
    first = viewer.get("attempts", page_size=2)
    tried(waiting, 9)
    second = viewer.get(first["next"])["results"]
    assert [each["started"][14:16] for each in second] == ["01", "00"]


def test_nothing_is_counted(viewer: Asker, alias: str) -> None:
    tried(item(alias))
    with CaptureQueriesContext(connections[alias]) as queries:
        for path in ("items", "attempts", "logs"):
            viewer.get(path)
    assert "COUNT" not in str([query["sql"] for query in queries]).upper()


def test_a_page_takes_few_queries(viewer: Asker) -> None:
    for number in range(30):
        tried(item(object_id=number), number, receipts=[receipt("a.xml")])
    with CaptureQueriesContext(connections["default"]) as queries:
        viewer.get("logs")
        viewer.get("attempts")
    assert len(queries) <= 10, [query["sql"] for query in queries]


INDEXED: list[tuple[str, dict[str, Any], str]] = [
    ("attempts", {}, "pigeon_attempt_time"),
    ("attempts", {"started__lte": "2026-11-20T13:00:00Z"}, "pigeon_attempt_time"),
    ("attempts", {"destination": "x"}, "pigeon_attempt_place"),
    ("attempts", {"destination": "x", "cursor": "1.1.0"}, "pigeon_attempt_place"),
    ("logs", {"cursor": "1.1.1", "ordering": "created"}, "pigeon_attempt_time"),
    ("logs", {"destination": "x", "extension": "xml"}, "pigeon_attempt_place"),
    ("logs", {"status": "FAILED", "created__gte": "2026-01-01T00:00:00Z"}, "pigeon_attempt_time"),
]


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("path", "asked", "index"), INDEXED)
def test_it_is_an_index_that_is_read(
    path: str, asked: dict[str, Any], index: str, viewer: Asker, alias: str
) -> None:
    tried(item(alias))
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as queries:
            viewer.get(path, **asked)
        [sql] = [each["sql"] for each in queries if 'FROM "pigeon_pushattempt"' in each["sql"]]
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]
    text = json.dumps(plan if isinstance(plan, list) else json.loads(plan))
    assert f'"Index Name": "{index}"' in text, text
