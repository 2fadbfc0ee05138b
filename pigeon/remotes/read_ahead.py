"""A file as it is read and hashed in a thread, some blocks ahead of whoever takes them."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import BinaryIO, Self


class ReadAhead:
    """A context manager that reads a stream to its end, into a few buffers that go round.

    A block is handed over as soon as it is read, and hashed while it is in use: the bytes that
    are hashed are those that are handed over. Who leaves early waits for the block that is being
    read.

    Args:
        stream: open, at its beginning; nobody else reads it, and it is left open.
        size: bytes of a block.
        number: of buffers; with one, nothing would be ahead.
    """

    def __init__(self, stream: BinaryIO, size: int, number: int) -> None:
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._free: SimpleQueue[memoryview | None] = SimpleQueue()
        for _ in range(number):
            self._free.put(memoryview(bytearray(size)))
        self._full: asyncio.Queue[tuple[memoryview, int] | None] = asyncio.Queue()
        self._lent: memoryview | None = None
        self._left = False
        self._thread = ThreadPoolExecutor(1)
        self._digest: asyncio.Future[str]

    def __enter__(self) -> Self:
        self._digest = asyncio.wrap_future(self._thread.submit(self._read))
        self._digest.add_done_callback(self._ended)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left = True
        self._free.put(None)
        self._thread.shutdown()

    async def block(self) -> memoryview:
        """The next block, good until the one after it is asked for; empty at the end.

        Raises:
            OSError: the stream cannot be read.
        """
        if self._lent is not None:
            self._free.put(self._lent)
            self._lent = None
        full = await self._full.get()
        if full is None:
            await self._digest
            return memoryview(b"")
        self._lent, size = full
        return self._lent[:size]

    async def sha256(self) -> str:
        """The digest of the whole, in hexadecimal digits, after the last block."""
        return await self._digest

    def _ended(self, digest: asyncio.Future[str]) -> None:
        if not digest.cancelled():
            digest.exception()  # if nobody waits any more, asyncio need not log it
        self._full.put_nowait(None)

    # In the thread.

    def _read(self) -> str:
        sha256 = hashlib.sha256()
        while (buffer := self._free.get()) is not None and not self._left:
            # BinaryIO does not say that it has readinto: all streams of files have.
            if not (size := self._stream.readinto(buffer)):  # type: ignore[attr-defined]
                break
            self._loop.call_soon_threadsafe(self._full.put_nowait, (buffer, size))
            sha256.update(buffer[:size])
        return sha256.hexdigest()
