"""What a destination got: all of it, in order, on every database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pigeon.models import ItemToPush, Outcome, PushAttempt
from pigeon.overview import delivered as module
from pigeon.overview.delivered import as_csv, delivered, delivered_page
from tests.overview.test_search import NOW, attempt, item

RECEIPT = {
    "path": "a.xml", "remote_path": "/in/a.xml", "size": 3, "sha256": "aa",
    "published": "rename", "verified": "size",
}  # fmt: skip


def landed(of: ItemToPush, *, age: float, **changes: Any) -> PushAttempt:
    """An attempt ``age`` minutes ago that left one receipt."""
    return attempt(of, age=age, outcome=Outcome.PUSHED, receipts=[RECEIPT | changes])


def rows(alias: str) -> list[tuple[int, str]]:
    time = {"since": NOW - timedelta(hours=1), "until": NOW}
    return [(row.item, row.path) for row in delivered("beloved", **time, using=alias)]


def test_the_oldest_first_in_batches(alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    one = item(alias, 1)
    for minute in (30, 20, 20, 20, 10, 0, 60, 61):
        landed(one, age=minute, path=f"{minute}.xml")
    landed(item(alias, 2, destination="other"), age=20)
    names = ["60.xml", "30.xml", *["20.xml"] * 3, "10.xml"]
    assert rows(alias) == [(one.pk, name) for name in names]
    seen: list[str] = []
    after = None
    for _ in range(9):
        page = delivered_page(
            "beloved", NOW - timedelta(hours=1), NOW, using=alias, after=after, limit=1
        )
        seen += [row.path for row in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == names


def test_what_landed_before_an_attempt_failed_counts(alias: str) -> None:
    one = item(alias, 1)
    attempt(one, age=3)
    attempt(one, age=2, receipts=[RECEIPT, RECEIPT | {"path": "b.xml", "published": "skipped"}])
    attempt(one, age=1, receipts=[RECEIPT | {"path": "c.xml", "published": "removed"}])
    assert rows(alias) == [(one.pk, "a.xml"), (one.pk, "c.xml")]


def test_a_mass_push_and_its_moment(alias: str) -> None:
    one = item(alias, "x", model_label="")
    landed(one, age=30)
    PushAttempt.objects.using(alias).update(duration=60)
    time = {"since": NOW - timedelta(hours=1), "until": NOW}
    (row,) = delivered("beloved", **time, using=alias)
    assert row.object == ""
    assert row.moment == NOW - timedelta(minutes=29)
    assert list(as_csv(iter([row])))[1].startswith(f"{NOW - timedelta(minutes=29):%Y-%m-%d}")
