"""Where database work and rendering run, so that the loop never waits for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from pigeon.conf import conf

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


#: What a worker says on each new connection: a transaction in which it falls silent for
#: longer than a lease is rolled back. Otherwise a worker that is stopped in the middle of one
#: would keep its locks, and nobody could take over. ``{ms}`` is the lease in milliseconds.
_SILENCE = {"postgresql": "SET idle_in_transaction_session_timeout = {ms}"}
#: Seconds for which a connection serves one job after another, if ``CONN_MAX_AGE`` allows it less.
#: That setting is made for requests; a batch of a few items is four jobs, and to connect may take
#: longer than all of their statements.
KEPT = 60.0


class ThreadPool:
    """Runs everything in a few threads of its own, with connections of their own."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="pigeon")
        self._ours = threading.local()
        connection_created.connect(self._take_over, weak=False, dispatch_uid=id(self))

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What ``function`` returns or raises."""

        def call() -> R:
            self._ours.yes = True
            close_old_connections()
            return function(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def _take_over(self, *, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
        if not getattr(self._ours, "yes", False):
            return
        if connection.close_at is not None:
            connection.close_at = max(connection.close_at, time.monotonic() + KEPT)
        # The database may be restarted between two jobs. django-stubs does not know the attribute.
        connection.health_check_enabled = True  # type: ignore[attr-defined]
        if statement := _SILENCE.get(connection.vendor):
            with connection.cursor() as cursor:
                cursor.execute(statement.format(ms=int(conf.LEASE_DURATION * 1000)))

    async def close(self) -> None:
        """Close every thread's connections, then the threads."""
        connection_created.disconnect(dispatch_uid=id(self))
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
