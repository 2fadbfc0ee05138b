from __future__ import annotations

import asyncio

from pigeon.remotes.watchdog import Watchdog


def test_it_fires_only_while_somebody_waits_and_nothing_moves() -> None:
    async def run() -> None:
        fired = asyncio.Event()
        watchdog = Watchdog(0.05, fired.set)
        await asyncio.sleep(0.1)
        assert not watchdog.fired, "nobody waited"
        with watchdog:
            await asyncio.wait_for(fired.wait(), 10)
        assert watchdog.fired

    asyncio.run(run())


def test_progress_and_bytes_that_leave_keep_it_quiet() -> None:
    async def run() -> None:
        unsent = [1_000_000]
        watchdog = Watchdog(0.4, lambda: None, lambda: unsent[0])
        with watchdog:
            for _ in range(20):
                await asyncio.sleep(0.05)
                unsent[0] -= 1000
        assert not watchdog.fired
        with watchdog:
            for _ in range(20):
                await asyncio.sleep(0.05)
                watchdog.progress()
        assert not watchdog.fired
        watchdog.stop()

    asyncio.run(run())
