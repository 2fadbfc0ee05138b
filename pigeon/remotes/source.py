"""A file of a parcel as it is read for sending: its digest is checked on the way out."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from pigeon.exceptions import ParcelDamaged
from pigeon.parcel import OutputFile
from pigeon.remotes.read_ahead import ReadAhead

#: Files up to this many bytes are read in one go, on the loop: that costs less than a thread.
SMALL = 256 * 1024
#: Larger files are read, and hashed, in blocks of this many bytes, in a thread.
CHUNK = 1024 * 1024
#: So many blocks of a file are read before they are sent.
AHEAD = 4


class _Ahead:
    """A context manager that calls ``step`` in a thread, some calls before their results are due.

    So reading and hashing go on while a block is sent, however unevenly the line takes them.
    """

    def __init__(self, step: Callable[[], bytes]) -> None:
        self._step = step
        self._thread = ThreadPoolExecutor(1)
        self._results: deque[asyncio.Future[bytes]] = deque()

    def __enter__(self) -> Self:
        for _ in range(AHEAD):
            self._begin()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    async def result(self) -> bytes:
        """What the next call returned or raised."""
        self._begin()
        return await self._results.popleft()

    def _begin(self) -> None:
        result = asyncio.wrap_future(self._thread.submit(self._step))
        result.add_done_callback(_seen)  # after an error, nobody asks for those behind it
        self._results.append(result)


def _seen(result: asyncio.Future[bytes]) -> None:
    if not result.cancelled():
        result.exception()


@dataclass(slots=True)
class Source:
    """A file to be put, with the size and digest that it must have.

    What is read is compared with ``file`` before the last byte counts as sent, so that a
    damaged parcel is never published. Read it by :meth:`read` or :meth:`chunks`.

    The digest of a large file may not be known yet. Then it must have kept its size and time since
    it was rendered, and once it was read to its end, ``file`` has the digest of what was read.

    Attributes:
        local_path: where it lies on our disk.
        file: what it must be.
        content: the file itself, for one that need not be, or cannot be, read from our disk.
    """

    local_path: Path
    file: OutputFile
    content: bytes | None = None

    @classmethod
    def of(cls, path: str, content: bytes) -> Source:
        """``content``, to be put as ``path``, relative to the destination's folder."""
        file = OutputFile(path, len(content), hashlib.sha256(content).hexdigest())
        return cls(Path(path), file, content)

    @property
    def is_small(self) -> bool:
        """Whether :meth:`read` is the way to read it; else :meth:`chunks`."""
        return self.file.size <= SMALL

    def read(self) -> bytes:
        """The whole content.

        Raises:
            ParcelDamaged: the file is missing, or is not what the manifest says.
        """
        if self.content is not None:
            return self.content
        try:
            with self.opened() as stream:
                data = stream.read()
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(len(data), hashlib.sha256(data).hexdigest())
        return data

    async def chunks(self, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content from ``offset`` on, in blocks of at most :data:`CHUNK` bytes.

        What comes before the offset is read as well: the digest is always that of the whole.

        Raises:
            ParcelDamaged: the file is missing; or, after the last block, it turned out not
                to be what the manifest says.
        """
        digest, size = hashlib.sha256(), 0
        if not self.file.sha256:
            self._check_unchanged()  # rather than send all of it in vain

        def step() -> bytes:
            chunk = stream.read(CHUNK)
            digest.update(chunk)
            return chunk

        try:
            with self.opened() as stream, _Ahead(step) as ahead:
                while chunk := await ahead.result():
                    wanted = chunk[max(0, offset - size) :]
                    size += len(chunk)
                    if wanted:
                        yield wanted
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(size, digest.hexdigest())

    async def lent(self, offset: int = 0) -> AsyncGenerator[memoryview, None]:
        """As :meth:`chunks`, cheaper: each block is the reader's until the next one is asked for.

        A thread reads several blocks ahead, into buffers that are used again, and hashes each
        while it is sent. What is hashed are the very bytes that are lent, so a file that is
        written into meanwhile is found out. No more than the file's size is lent.

        Raises:
            ParcelDamaged: as :meth:`chunks`.
        """
        if not self.file.sha256:
            self._check_unchanged()  # rather than send all of it in vain
        try:
            with self.opened() as stream, ReadAhead(stream, CHUNK, AHEAD) as ahead:
                start = 0
                while block := await ahead.block():
                    wanted = block[max(0, offset - start) : max(0, self.file.size - start)]
                    start += len(block)
                    if wanted:
                        yield wanted
                sha256 = await ahead.sha256()
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(start, sha256)

    def opened(self) -> BinaryIO:
        """The content as a stream, unchecked. Raises ``OSError``."""
        if self.content is not None:
            return io.BytesIO(self.content)
        return open(os.fspath(self.local_path), "rb")  # noqa: PTH123 - in half the time

    def check(self) -> None:
        """Read it all once, for those that read :meth:`opened` in an order of their own.

        Raises:
            ParcelDamaged: the file is missing, or is not what the manifest says.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self.opened() as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(size, digest.hexdigest())

    def _compare(self, size: int, sha256: str) -> None:
        """Read to its end, it had ``size`` bytes with that digest."""
        if not self.file.sha256 and size == self.file.size:
            self._check_unchanged()
            self.file = self.file.known(sha256)
        if (size, sha256) != (self.file.size, self.file.sha256):
            raise ParcelDamaged(
                f"{self.local_path} is not what its parcel's manifest says: {size} bytes with "
                f"SHA-256 {sha256[:12]}…, expected {self.file.size} bytes with "
                f"{self.file.sha256[:12]}…. Something changed it after it was rendered."
            )

    def _check_unchanged(self) -> None:
        """Over NFS, what others wrote is only seen when a file is opened."""
        try:
            with self.local_path.open("rb") as stream:
                facts = os.fstat(stream.fileno())
        except OSError as error:
            raise self._unreadable(error) from error
        if not self.file.matches(facts):
            raise ParcelDamaged(
                f"{self.local_path} is not what was rendered any more: its size or the time of "
                "its last change is another. Something wrote into it."
            )

    def _unreadable(self, error: OSError) -> ParcelDamaged:
        return ParcelDamaged(f"{self.local_path} of a stored parcel cannot be read: {error}.")
