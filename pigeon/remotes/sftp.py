"""SFTP, on asyncssh.

Many files are in flight on one connection, and a small file costs three round trips: open;
write, size and close together; rename.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

import asyncssh

from pigeon.destinations import Destination
from pigeon.remotes import sftp_facts, sftp_login
from pigeon.remotes import sftp_protocol as wire
from pigeon.remotes.base import RemoteEntry
from pigeon.remotes.listing import is_entry
from pigeon.remotes.sftp_base import SFTPBase, facts_of
from pigeon.remotes.sftp_session import Names, SFTPSession
from pigeon.remotes.source import Source
from pigeon.remotes.watchdog import Watchdog
from pigeon.remotes.window import Window

#: Bytes of one write or read request, unless the server takes less.
BLOCK = 128 * 1024
#: Write requests of one large file that wait for their answer at the same time.
BLOCKS_IN_FLIGHT = 64
#: Large files that are written at the same time on one connection. Two keep a line busy; with all
#: that may be in flight, each would hold several megabytes, and none be there before the last.
LARGE_AT_ONCE = 2
#: Read requests of one file that are sent before the first is answered.
READS_AHEAD = 16
#: Seconds for a polite good-bye.
CLOSE_TIMEOUT = 5.0
#: How a file is opened that is to be new.
_ANEW = wire.FOR_WRITING | wire.CREATING | wire.EMPTYING


class SFTPRemote(SFTPBase):
    """One SFTP session."""

    in_flight = 64
    connections = 1

    _connection: asyncssh.SSHClientConnection
    _client: SFTPSession

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._watchdog.fired or self._client.ended or self._connection.is_closed()

    async def open(self) -> None:
        """Connect, check the host key, log in. Errors: see :class:`sftp_login.Login`."""
        self._connection, self._client = await sftp_login.Login(self).connect()
        self._watchdog = Watchdog(self.timeout, self._connection.abort)
        self._block = min(BLOCK, self._client.max_write)

    def facts(self) -> dict[str, str]:
        """Server, protocol, host key, cipher and key exchange."""
        return sftp_facts.of_asyncssh(self._connection, self._client.version)

    async def close(self) -> None:
        """Disconnect."""
        if not hasattr(self, "_connection"):
            return
        self._watchdog.stop()
        self._connection.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._connection.wait_closed()
        except (TimeoutError, OSError, asyncssh.Error):
            self._connection.abort()

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, without ``.`` and ``..``."""
        doing = f"list {path}"
        folder = await self._ask(self._client.open_folder(path or "."), doing)
        try:
            while names := await self._names(folder, doing):
                for name, attributes in names:
                    if is_entry(name, self.where):
                        yield RemoteEntry(name, facts_of(attributes))
        finally:
            await self._close_quietly(folder)

    async def _names(self, folder: bytes, doing: str) -> Names:
        with self._watchdog:
            try:
                return await self._client.list(folder)
            except asyncssh.SFTPEOFError:
                return []
            except (asyncssh.Error, OSError) as error:
                raise self._error(error, doing) from error

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""
        doing = f"read {path}"
        file = await self._ask(self._client.open(path, wire.FOR_READING), doing)
        try:
            async with aclosing(self._blocks(file, offset, doing)) as blocks:
                async for block in blocks:
                    yield block
        finally:
            await self._close_quietly(file)

    async def _blocks(self, file: bytes, offset: int, doing: str) -> AsyncGenerator[bytes, None]:
        """The content, several requests ahead; a server may answer one with less than asked."""
        length = min(BLOCK, self._client.max_read)
        ahead: deque[tuple[int, asyncio.Future[bytes]]] = deque()
        asked = offset
        try:
            while True:
                while len(ahead) < READS_AHEAD:
                    ahead.append((asked, self._client.read(file, asked, length)))
                    asked += length
                at, answer = ahead.popleft()
                block = await self._block_of(answer, doing)
                while 0 < len(block) < length and (
                    more := await self._block_of(
                        self._client.read(file, at + len(block), length - len(block)), doing
                    )
                ):
                    block += more
                if not block:
                    return
                yield block
        finally:
            for _, answer in ahead:
                answer.cancel()

    async def _block_of(self, answer: asyncio.Future[bytes], doing: str) -> bytes:
        with self._watchdog:
            try:
                return await answer
            except asyncssh.SFTPEOFError:
                return b""
            except (asyncssh.Error, OSError) as error:
                raise self._error(error, doing) from error

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path``; see :meth:`Remote.put`."""
        if not source.is_small or offset:
            async with self._large:
                return await self._put_large(source, path, offset)
        data = source.read()
        file = await self._ask(self._client.open(path, _ANEW), f"create {path}")
        size = await self._fill(file, data, path)
        return size if size == len(data) else None

    async def _put_large(self, source: Source, path: str, offset: int) -> int | None:
        how = wire.FOR_WRITING if offset else _ANEW
        file = await self._ask(self._client.open(path, how), f"create {path}")
        try:
            await self._write_large(source, file, path, offset)
        except BaseException:
            await self._close_quietly(file)
            raise
        return await self._fill(file, b"", path)

    async def _write_large(self, source: Source, file: bytes, path: str, offset: int) -> None:
        doing, window = f"write {path}", Window(BLOCKS_IN_FLIGHT, self._watchdog.progress)
        async with aclosing(source.chunks(offset)) as chunks:
            async for chunk in chunks:
                view = memoryview(chunk)
                for at in range(0, len(chunk), self._block):
                    await self._ask(window.place(), doing)
                    block = view[at : at + self._block]
                    self._client.write(file, offset, block, window.answered)
                    offset += len(block)
        await self._ask(window.empty(), doing)

    async def _fill(self, file: bytes, data: bytes, path: str) -> int | None:
        """Write ``data``, ask for the size, and close.

        Whatever comes of it, the file is not to be closed again: by then its handle may be that of
        another file, which would be cut.
        """
        filling = self._client.fill(file, data, self._block, self._watchdog.progress)
        size: int | None = await self._ask(filling, f"write {path}")
        return size

    async def _close_quietly(self, file: bytes) -> None:
        try:
            with self._watchdog:
                await self._client.close(file)
        except (asyncssh.Error, OSError):
            pass  # the error that matters is already on its way
