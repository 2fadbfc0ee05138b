"""Calls in threads of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from pigeon.remotes.threads import OwnThread, in_own_thread

WAIT = 30.0


def _raise() -> None:
    raise KeyError("x")


def test_a_call_has_a_thread_of_its_own() -> None:
    async def two() -> set[int]:
        meet = threading.Barrier(2)

        def call() -> int:
            meet.wait(WAIT)
            return threading.get_ident()

        return set(await asyncio.gather(in_own_thread(call), in_own_thread(call)))

    assert len(asyncio.run(two()) - {threading.get_ident()}) == 2


def test_one_thread_makes_all_calls_in_order() -> None:
    order: list[int] = []

    async def many() -> set[int]:
        thread = OwnThread()

        def call(number: int) -> Callable[[], int]:
            return lambda: order.append(number) or threading.get_ident()

        found = set(await asyncio.gather(*(thread.run(call(number)) for number in range(20))))
        thread.stop()
        return found

    assert len(asyncio.run(many()) - {threading.get_ident()}) == 1
    assert order == list(range(20))


def test_what_is_raised_is_raised() -> None:
    async def both() -> None:
        thread = OwnThread()
        try:
            for run in (in_own_thread, thread.run):
                with pytest.raises(KeyError, match="x"):
                    await run(_raise)
        finally:
            thread.stop()  # others count the threads that are left

    asyncio.run(both())


def test_the_thread_ends_when_it_is_stopped() -> None:
    async def use() -> threading.Thread:
        thread = OwnThread()
        found = await thread.run(threading.current_thread)
        thread.stop()
        thread.stop()
        return found

    found = asyncio.run(use())
    found.join(WAIT)
    assert not found.is_alive()
