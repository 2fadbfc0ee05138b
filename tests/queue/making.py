"""Items, destinations and rivals for the tests of the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from pigeon.destinations import Destination, resolve
from pigeon.models import ItemToPush, Outcome, PushAttempt, Status
from pigeon.queue import Result, add, claim, finish

PARTNER = "dummy://partner"
#: Seconds that a rival gets before the test gives up.
PATIENCE = 60


def partner(name: str = PARTNER) -> Destination:
    return resolve(name)


def make(alias: str, object_id: object = 1, **values: Any) -> ItemToPush:
    """One waiting item for the object with that id."""
    defaults = {"rule_name": "rule", "destination": PARTNER, "model_label": "newsroom.Story"}
    item = ItemToPush(object_id=str(object_id), **(defaults | values))
    add([item], alias)
    return ItemToPush.objects.using(alias).get(pk=item.pk or _newest(alias))


def _newest(alias: str) -> int:
    return int(ItemToPush.objects.using(alias).latest("pk").pk)


def make_many(alias: str, ids: Iterable[object], **values: Any) -> None:
    """One waiting item for each object."""
    defaults = {"rule_name": "rule", "destination": PARTNER, "model_label": "newsroom.Story"}
    add([ItemToPush(object_id=str(one), **(defaults | values)) for one in ids], alias)


def batch(alias: str, arguments: str, **values: Any) -> ItemToPush:
    """A waiting mass push with these arguments."""
    return make(alias, arguments, **({"model_label": ""} | values))


def take(alias: str, limit: int = 100, **options: Any) -> list[ItemToPush]:
    options.setdefault("owner", "worker")
    return claim(options.pop("to", partner()), limit=limit, using=alias, **options)


def ids(items: Iterable[ItemToPush]) -> list[str]:
    return [item.object_id for item in items]


def record(alias: str, items: Iterable[ItemToPush], outcome: Outcome | None, **facts: Any) -> Any:
    results = [Result(item, outcome, **facts) for item in items]
    return finish(results, owner="worker", using=alias)


def push(alias: str, items: Iterable[ItemToPush], **facts: Any) -> Any:
    return record(alias, items, Outcome.PUSHED, **facts)


def fail(alias: str, items: Iterable[ItemToPush], seconds: float, **facts: Any) -> Any:
    """The items wait for another attempt, due in ``seconds``."""
    when = timezone.now() + timedelta(seconds=seconds)
    return record(alias, items, Outcome.RETRY, when=when, **facts)


def status(item: ItemToPush) -> Status:
    item.refresh_from_db()
    return Status(item.status)


def attempts(item: ItemToPush) -> list[tuple[str, str]]:
    rows = PushAttempt.objects.using(item._state.db).filter(item=item).order_by("pk")
    return list(rows.values_list("outcome", "message"))


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """What ``jobs`` return, which all start at the same moment, each in a thread."""
    barrier = threading.Barrier(len(jobs))
    answers: list[Any] = [None] * len(jobs)

    def run(at: int, job: Callable[[], Any]) -> None:
        try:
            barrier.wait(PATIENCE)
            answers[at] = job()
        except BaseException as error:  # noqa: BLE001 - raised by the test itself, below
            answers[at] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a rival waits for ever"
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers
