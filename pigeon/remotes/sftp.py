"""SFTP, on asyncssh.

Many files are in flight on one connection, and a small file costs three round trips: open;
write, size and close together; rename.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import asyncssh

from pigeon.remotes import sftp_errors, sftp_facts, sftp_login
from pigeon.remotes.base import RemoteEntry
from pigeon.remotes.flight import Flight
from pigeon.remotes.listing import is_entry
from pigeon.remotes.sftp_base import SFTPBase, facts_of
from pigeon.remotes.source import CHUNK, Source
from pigeon.remotes.watchdog import Watchdog

#: Bytes of one write request, unless the server takes less.
BLOCK = 128 * 1024
#: Write requests of one large file that wait for their answer at the same time.
BLOCKS_IN_FLIGHT = 64
#: Seconds for a polite good-bye.
CLOSE_TIMEOUT = 5.0


class SFTPRemote(SFTPBase):
    """One SFTP session."""

    in_flight = 64
    connections = 1

    _connection: asyncssh.SSHClientConnection
    _client: asyncssh.SFTPClient

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._watchdog.fired or self._connection.is_closed()

    async def open(self) -> None:
        """Connect, check the host key, log in. Errors: see :class:`sftp_login.Login`."""
        self._connection, self._client = await sftp_login.Login(self).connect()
        self._watchdog = Watchdog(self.timeout, self._connection.abort)
        self._block = min(BLOCK, self._client.limits.max_write_len)

    def facts(self) -> dict[str, str]:
        """Server, protocol, host key, cipher and key exchange."""
        return sftp_facts.of_asyncssh(self._connection, self._client)

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
        names = self._client.scandir(path or ".")
        async with aclosing(names):  # type: ignore[type-var]
            while (entry := await self._ask(anext(names, None), doing)) is not None:
                name = _text(entry.filename)
                if is_entry(name, self.where):
                    yield RemoteEntry(name, facts_of(entry.attrs))

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""
        doing = f"read {path}"
        file = await self._ask(self._client.open(path, "rb"), doing)
        try:
            while data := await self._ask(file.read(CHUNK, offset), doing):
                assert isinstance(data, bytes)
                yield data
                offset += len(data)
        finally:
            await self._close_quietly(file)

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path``; see :meth:`Remote.put`."""
        data = source.read() if source.is_small and not offset else None
        mode = asyncssh.FXF_WRITE if offset else "wb"
        opening = self._client.open(path, mode, encoding=None, block_size=0)
        file = await self._ask(opening, f"create {path}")
        try:
            if data is None:
                return await self._put_large(source, file, path, offset)
            return await self._put_small(data, file, path)
        except BaseException:
            await self._close_quietly(file)
            raise

    async def _put_small(
        self, data: bytes, file: asyncssh.SFTPClientFile, path: str
    ) -> int | None:
        """Write, ask the size and close in one flight: a server answers them in order."""
        blocks = range(0, len(data), self._block)
        doing = f"write {path}"
        answers = await asyncio.gather(
            *(self._ask(file.write(data[at : at + self._block], at), doing) for at in blocks),
            self._ask(_size(file), doing),
            self._ask(file.close(), doing),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return len(data) if answers[-2] == len(data) else None

    async def _put_large(
        self, source: Source, file: asyncssh.SFTPClientFile, path: str, offset: int
    ) -> int | None:
        doing = f"write {path}"
        async with aclosing(source.chunks(offset)) as chunks, Flight(BLOCKS_IN_FLIGHT) as flight:
            async for chunk in chunks:
                for at in range(0, len(chunk), self._block):
                    block = chunk[at : at + self._block]
                    await flight.start(self._write(file, block, offset, doing))
                    offset += len(block)
        size = await self._ask(_size(file), doing)
        await self._ask(file.close(), doing)
        return size

    async def _write(
        self, file: asyncssh.SFTPClientFile, block: bytes, offset: int, doing: str
    ) -> None:
        await self._ask(file.write(block, offset), doing)

    async def _close_quietly(self, file: asyncssh.SFTPClientFile) -> None:
        try:
            with self._watchdog:
                await file.close()
        except (asyncssh.Error, OSError):
            pass  # the error that matters is already on its way


async def _size(file: asyncssh.SFTPClientFile) -> int | None:
    """The size in bytes of an open file, if the server tells it."""
    try:
        return (await file.stat()).size
    except sftp_errors.UNTOLD:
        return None


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
