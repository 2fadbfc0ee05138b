from __future__ import annotations

import asyncio

import pytest

from pigeon.remotes.flight import Flight


def test_order_and_limit() -> None:
    async def run() -> None:
        now, most, order = 0, 0, []

        async def step(number: int) -> None:
            nonlocal now, most
            order.append(number)
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

        async with Flight(3) as flight:
            for number in range(20):
                await flight.start(step(number))
        assert (order, most) == (list(range(20)), 3)

    asyncio.run(run())


def test_the_first_error_comes_out_as_itself_and_stops_the_rest() -> None:
    async def run() -> None:
        finished = []

        async def fail() -> None:
            raise KeyError("this one")

        async def endless() -> None:
            await asyncio.sleep(3600)
            finished.append(1)

        with pytest.raises(KeyError, match="this one"):
            async with Flight(2) as flight:
                await flight.start(endless())
                await flight.start(fail())
                for _ in range(5):
                    await flight.start(endless())
        assert not finished

    asyncio.run(run())
