"""A condition on hundreds of ids or names finds what ``__in`` finds."""

from __future__ import annotations

from datetime import UTC, datetime

from pigeon.models import Hold, ItemToPush
from pigeon.models.among import Among
from tests.queue.making import make

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def test_ids(alias: str) -> None:
    items = [make(alias, object_id=str(number)) for number in range(4)]
    wanted = {items[0].pk, items[2].pk, -1}
    found = ItemToPush.objects.using(alias).filter(Among("pk", wanted))
    assert set(found) == {items[0], items[2]}
    assert found.update(message="%s") == 2


def test_texts_are_no_part_of_the_statement(alias: str) -> None:
    names = ["%s", "'; --", "ü {}"]
    holds = Hold.objects.using(alias)
    holds.bulk_create(Hold(name=name, token="t", until=WHEN) for name in [*names, "other"])
    assert {hold.name for hold in holds.filter(Among("name", names), token="t")} == set(names)
    assert holds.filter(Among("name", names)).delete()[0] == 3


def test_among_none_is_nothing(alias: str) -> None:
    make(alias)
    items = ItemToPush.objects.using(alias).filter(Among("pk", ()))
    assert not items.exists()
    assert items.update(message="m") == 0
