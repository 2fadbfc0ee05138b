"""Answers that share one look at the queues."""

from __future__ import annotations

import pytest

from pigeon.queue.shared import once, one_look

asked: list[tuple[object, ...]] = []


@once
def look(*arguments: object, **named: object) -> int:
    asked.append((*arguments, *named.items()))
    return len(asked)


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


def test_within_one_look_each_question_is_asked_once() -> None:
    with one_look():
        assert [look("a"), look("b"), look("a"), look("a", using="x")] == [1, 2, 1, 3]
    assert asked == [("a",), ("b",), ("a", ("using", "x"))]


def test_the_next_look_asks_again() -> None:
    for _ in range(2):
        with one_look():
            look("a")
    look("a")
    look("a")
    assert len(asked) == 4


def test_a_look_that_fails_leaves_nothing_behind() -> None:
    with pytest.raises(ValueError), one_look():
        look("a")
        raise ValueError
    assert look("a") == 2
