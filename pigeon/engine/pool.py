"""Where database work and rendering run, so that the loop never waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

P = ParamSpec("P")
R = TypeVar("R")


class Pool(Protocol):
    """Runs blocking functions for the engine."""

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What ``function`` returns or raises."""
        ...

    async def close(self) -> None:
        """Let everything go."""
        ...


class CallerPool:
    """Runs everything in the thread that started the engine, on its database connections.

    That makes pushing work inside a test's transaction.
    """

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What ``function`` returns or raises."""
        return await sync_to_async(function, thread_sensitive=True)(*args, **kwargs)

    async def close(self) -> None:
        """Nothing to let go: the connections are the caller's."""


class ThreadPool:
    """Runs everything in a few threads of its own, with connections of their own."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="pigeon")

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What ``function`` returns or raises."""

        def call() -> R:
            close_old_connections()
            return function(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def close(self) -> None:
        """Close every thread's connections, then the threads."""
        everybody = threading.Barrier(self._threads)

        def leave() -> None:
            everybody.wait(timeout=30)
            connections.close_all()

        loop = asyncio.get_running_loop()
        leaving: list[asyncio.Future[Any]] = [
            loop.run_in_executor(self._executor, leave) for _ in range(self._threads)
        ]
        await asyncio.gather(*leaving, return_exceptions=True)
        self._executor.shutdown()


def make_pool(threads: int) -> Pool:
    """A pool of ``threads`` threads, or the calling thread for 0."""
    return ThreadPool(threads) if threads else CallerPool()
