"""Attempts: filtered, ordered, in pages."""

from __future__ import annotations

from typing import Any

import pytest

from pigeon.models import Outcome, PushAttempt
from tests.api.asker import Asker
from tests.api.making import item, tried

#: Users are in the first database, wherever the queue is.
pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture
def many(alias: str) -> list[PushAttempt]:
    """Attempts at two items, two destinations, by two rules; some at the same moment."""
    one = item(alias)
    two = item(alias, 2, destination="dummy://other", rule_name="digest")
    outcomes = [Outcome.PUSHED, Outcome.RETRY, Outcome.FAILED]
    return [
        tried((one, two)[number % 2], number // 4, outcome=outcomes[number % 3])
        for number in range(24)
    ]


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda each: True),
    ({"item": 0}, lambda each: each.destination == "dummy://partner"),
    ({"destination": "dummy://other"}, lambda each: each.destination == "dummy://other"),
    ({"rule": "digest"}, lambda each: each.rule_name == "digest"),
    ({"outcome": "retry"}, lambda each: each.outcome == "retry"),
    (
        {"destination": "dummy://other", "outcome": "failed"},
        lambda each: each.destination == "dummy://other" and each.outcome == "failed",
    ),
    ({"destination": "dummy://other", "rule": "rule"}, lambda each: False),
    ({"item": 0, "destination": "dummy://other"}, lambda each: False),
    ({"started__gte": "2026-11-20T12:03:00Z"}, lambda each: each.started.minute >= 3),
    ({"started__lte": "2026-11-20T12:03:00Z"}, lambda each: each.started.minute <= 3),
]


@pytest.mark.parametrize("ordering", ["started", "-started"])
@pytest.mark.parametrize(("asked", "wanted"), FILTERS)
def test_every_filter_in_both_orders(
    asked: dict[str, Any], wanted: Any, ordering: str, many: list[PushAttempt], viewer: Asker
) -> None:
    if "item" in asked:
        asked = {**asked, "item": many[0].item_id}
    found = viewer.all("attempts", page_size=5, ordering=ordering, **asked)
    expected = [each.pk for each in many if wanted(each)]
    assert [each["id"] for each in found] == (
        expected if ordering == "started" else expected[::-1]
    )


def test_one_by_its_id(many: list[PushAttempt], viewer: Asker) -> None:
    found = viewer.get(f"attempts/{many[1].pk}")
    assert found["item"] == many[1].item_id
    assert found["started"] == "2026-11-20T12:00:00Z"
    assert found["transcript"] == []
