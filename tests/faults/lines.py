"""Many bad lines at once, beside whatever loop or thread the test itself uses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.faults.fault import Fault, Faults
from tests.faults.proxy import HOST, Proxy

T = TypeVar("T")


class Lines:
    """Opens lines in a thread of its own; all end with it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bad lines")
        self._open: list[Proxy] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self._run(self._close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def open(
        self, port: int, *faults: Fault, ftp: bool = False, passive: Sequence[int] = ()
    ) -> Proxy:
        """A line to ``port`` on which ``faults`` happen; see :class:`Proxy`."""
        host = f"127.1.0.{len(self._open) + 1}" if passive else HOST
        proxy = Proxy(port, *faults, ftp=ftp, host=host, passive=passive)
        line: Proxy = self._run(proxy.__aenter__())
        self._open.append(line)
        return line

    def heal(self) -> None:
        """Cut what is open; from now on nothing goes wrong any more."""

        async def heal() -> None:
            for line in self._open:
                line.heal(Faults())

        self._run(heal())

    async def _close(self) -> None:
        for line in self._open:
            await line.__aexit__(None, None, None)
        await asyncio.sleep(0.1)  # so that connections that were cut are closed before the loop

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
