"""Adding items writes what ``bulk_create()`` would have written."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pigeon.models import ItemToPush
from pigeon.models.chunks import CHUNK
from pigeon.queue import add


def make(number: int, **more: object) -> ItemToPush:
    return ItemToPush(
        rule_name="rule", destination="dummy://ä", model_label="newsroom.story",
        object_id=str(number), title=f"100 % “{number}”", changed_fields=["title"], **more,
    )  # fmt: skip


def rows(alias: str) -> list[dict[str, object]]:
    return list(ItemToPush.objects.using(alias).order_by("pk").values())


def test_rows_are_those_of_bulk_create(alias: str) -> None:
    now = timezone.now()
    snapshot = [{"fields": {"title": 'ä "quoted"', "n": None, "f": 1.5}}]
    items = [make(1), make(2, snapshot=snapshot, expires=now, priority=-3)]
    add(items, alias)
    found = rows(alias)
    ItemToPush.objects.using(alias).delete()
    for item in items:
        item.pk = None
    ItemToPush.objects.using(alias).bulk_create(items)
    ours = [{**row, "id": None} for row in found]
    assert ours == [{**row, "id": None} for row in rows(alias)]


@pytest.mark.parametrize("returning", [True, False])
def test_every_item_gets_its_id_in_order(
    alias: str, returning: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not returning:  # a database that cannot say the ids of what it inserted
        features = type(connections[alias].features)
        monkeypatch.setattr(features, "can_return_rows_from_bulk_insert", False)
    items = [make(number) for number in range(CHUNK + 1)]
    add(items, alias)
    assert [row["object_id"] for row in rows(alias)] == [item.object_id for item in items]
    if returning:
        assert [row["id"] for row in rows(alias)] == [item.pk for item in items]
        assert all(item._state.db == alias and not item._state.adding for item in items)


def test_nothing_is_no_statement(alias: str) -> None:
    with CaptureQueriesContext(connections[alias]) as queries:
        add([], alias)
    assert not [query for query in queries if "INSERT" in query["sql"]]
