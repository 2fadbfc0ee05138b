"""People steer while workers work: neither waits for the other, and nothing is sent twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from pigeon.models import ItemToPush, Outcome, Status
from pigeon.operations import (
    Done,
    Selection,
    cancel,
    move,
    pause,
    reset,
    resume,
    send_again,
    set_priority,
)
from pigeon.queue import hasten
from pigeon.queue.steering import Refusal
from tests.operations.making import ANN, HERE, THERE, operations
from tests.queue.making import (
    PATIENCE,
    fail,
    make,
    make_many,
    partner,
    push,
    record,
    take,
    together,
)

pytestmark = pytest.mark.django_db(transaction=True)
VERBS: list[Callable[[Selection], Done]] = [
    lambda chosen: send_again(chosen, ANN),
    lambda chosen: send_again(chosen, ANN, rerender=True, force=True),
    lambda chosen: cancel(chosen, ANN),
    lambda chosen: reset(chosen, ANN),
    lambda chosen: set_priority(chosen, 1, ANN),
    lambda chosen: move(chosen, THERE, ANN),
]


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
@pytest.mark.parametrize("verb", VERBS)
def test_what_somebody_is_writing_is_passed_over(
    alias: str, verb: Callable[[Selection], Done]
) -> None:
    item = make(alias, 1, destination=HERE, status=Status.RETRY)
    locked, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic(using=alias):
            ItemToPush.objects.using(alias).filter(pk=item.pk).lock()
            locked.set()
            assert done.wait(PATIENCE)

    def steer() -> Done:
        assert locked.wait(PATIENCE)
        with connections[alias].cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        try:
            return verb(Selection(ids=(item.pk,)))
        finally:
            done.set()

    _, answer = together(write, steer)
    assert answer == Done(0, 1, {Refusal.HELD: 1})
    assert operations(alias) == []


@pytest.mark.parametrize("alias", ["postgresql"], indirect=True)
def test_what_somebody_is_writing_does_not_hold_up_those_who_resume(alias: str) -> None:
    """A worker that claims while they are made due could wait for them, and they for it."""
    taken, _ = (make(alias, n, destination=HERE, status=Status.RETRY) for n in (1, 2))
    later = timezone.now() + timedelta(days=1)
    ItemToPush.objects.using(alias).update(next_attempt_date=later)
    locked, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic(using=alias):
            ItemToPush.objects.using(alias).filter(pk=taken.pk).lock()
            locked.set()
            assert done.wait(PATIENCE)

    def hurry() -> int:
        assert locked.wait(PATIENCE)
        with connections[alias].cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        try:
            return hasten([HERE], alias)
        finally:
            done.set()

    assert together(write, hurry)[1] == 1
    items = ItemToPush.objects.using(alias).order_by("pk")
    held, due = (item.next_attempt_date for item in items)
    assert held == later > due


@pytest.mark.slow
def test_a_claim_is_never_spoilt(alias: str) -> None:
    """Whatever people do meanwhile, each worker can write the result of all that it claimed."""
    make_many(alias, range(120), destination=HERE)
    make_many(alias, range(60), destination=THERE)
    idle = threading.Event()

    def work(name: str) -> Callable[[], int]:
        def run() -> int:
            chance, lost = random.Random(name), 0
            while not idle.is_set():
                items = take(alias, limit=15, to=partner(name), owner=name)
                cut = chance.randint(0, len(items))
                written = push(alias, items[:cut]) | fail(alias, items[cut:], -1)
                lost += len(items) - len(written)
            return lost

        return run

    def steer() -> int:
        chance = random.Random(1)
        try:
            for _ in range(15):
                chosen = chance.choice(
                    [
                        Selection(destination=HERE),
                        Selection(destination=THERE),
                        Selection(rule="rule", statuses=(Status.PUSHED, Status.RETRY)),
                    ]
                )
                chance.choice(VERBS)(chosen)
                pause([HERE], ANN)
                resume([HERE], ANN)
        finally:
            idle.set()
        return 0

    assert together(work(HERE), work(HERE), work(THERE), steer) == [0, 0, 0, 0]
    items = ItemToPush.objects.using(alias)
    assert items.count() == 180
    assert not items.in_progress().exists()
    assert {row.order_key for row in items} == {row.make_order_key() for row in items}


def test_two_people_who_send_the_same_again_send_it_once(alias: str) -> None:
    make_many(alias, range(300), destination=HERE)
    record(alias, take(alias, to=partner(HERE), limit=300), Outcome.FAILED, status=130)
    chosen = Selection(statuses=(Status.SEND_ERROR,))
    done = together(*[lambda: send_again(chosen, ANN)] * 3)
    assert sum(each.number for each in done) == 300
    every = [pk for _, _, _, items in operations(alias) for pk in items]
    assert len(every) == len(set(every)) == 300


def test_an_operation_that_breaks_off_has_recorded_what_it_did(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(alias, range(700), destination=HERE, status=Status.SEND_ERROR)
    from pigeon import queue

    real, pages = queue.steering.send_again, []

    def breaking(page: Any, **how: Any) -> Any:
        pages.append(page)
        if len(pages) == 2:
            real(page, **how)
            raise RuntimeError("the machine stops")
        return real(page, **how)

    monkeypatch.setattr(queue.steering, "send_again", breaking)
    with pytest.raises(RuntimeError):
        send_again(Selection(destination=HERE), ANN)
    [(_, _, _, items)] = operations(alias)
    changed = ItemToPush.objects.using(alias).retry().values_list("pk", flat=True)
    assert sorted(changed) == items
    assert len(items) == 500
