"""Items and attempts by hand, for tests that want many, or odd ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pigeon.models import ItemToPush, Outcome, PushAttempt
from tests.queue.making import make

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def receipt(path: str, size: int = 10, published: str = "rename") -> dict[str, Any]:
    return {
        "path": path, "remote_path": f"/in/{path}", "size": size, "sha256": "0" * 64,
        "published": published, "verified": "size",
    }  # fmt: skip


def tried(item: ItemToPush, minutes: float = 0, **facts: Any) -> PushAttempt:
    """An attempt so many minutes after noon; it arrived unless said otherwise."""
    said = {
        "destination": item.destination, "rule_name": item.rule_name, "worker": "host:1",
        "outcome": Outcome.PUSHED, "started": NOON + timedelta(minutes=minutes),
    }  # fmt: skip
    rows = PushAttempt.objects.using(item._state.db)
    return rows.create(item=item, **(said | facts))


def item(alias: str = "default", object_id: object = 1, **facts: Any) -> ItemToPush:
    return make(alias, object_id, **({"model_label": "newsroom.story"} | facts))
