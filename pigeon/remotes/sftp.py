"""SFTP, on asyncssh.

Many files are in flight on one connection, and a small file costs three round trips: open;
write, size and close together; rename.
"""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import AmbiguousError, DestinationMisconfigured, TransientError
from pigeon.remotes import sftp_errors, sftp_login
from pigeon.remotes.base import (
    Remote,
    RemoteEntry,
    RemoteFileNotFound,
    RemoteStat,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.flight import Flight
from pigeon.remotes.source import CHUNK, Source
from pigeon.remotes.watchdog import Watchdog

#: Bytes of one write request, unless the server takes less.
BLOCK = 128 * 1024
#: Write requests of one large file that wait for their answer at the same time.
BLOCKS_IN_FLIGHT = 64
#: Seconds for a polite good-bye.
CLOSE_TIMEOUT = 5.0

T = TypeVar("T")


class SFTPRemote(Remote):
    """One SFTP session."""

    in_flight = 64
    connections = 1
    options: ClassVar = sftp_login.OPTIONS
    default_port = 22

    _connection: asyncssh.SSHClientConnection
    _client: asyncssh.SFTPClient
    _watchdog: Watchdog

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        return [] if destination.host else ["An SFTP URL needs a host: sftp://user@host/folder."]

    @property
    def root(self) -> str:
        """The destination's folder: absolute, or relative to the login's folder."""
        path = self.destination.path
        if path in ("", "/~"):
            return ""
        return path.removeprefix("/~/").rstrip("/") or ("" if path.startswith("/~") else "/")

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._watchdog.fired or self._connection.is_closed()

    async def open(self) -> None:
        """Connect, check the host key, log in. Errors: see :class:`sftp_login.Login`."""
        self._connection, self._client = await sftp_login.Login(self).connect()
        self._watchdog = Watchdog(self.timeout, self._connection.abort)
        self._block = min(BLOCK, self._client.limits.max_write_len)

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

    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``. Raises ``RemoteFileNotFound``."""
        return _facts(await self._ask(self._client.stat(path), f"look at {path}"))

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, without ``.`` and ``..``."""
        doing = f"list {path}"
        names = self._client.scandir(path or ".")
        async with aclosing(names):  # type: ignore[type-var]
            while (entry := await self._ask(anext(names, None), doing)) is not None:
                name = _text(entry.filename)
                if name not in (".", ".."):
                    yield RemoteEntry(name, _facts(entry.attrs))

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
        data = source.read() if source.is_small else None
        file = await self._ask(self._client.open(path, "wb", block_size=0), f"create {path}")
        try:
            if data is None:
                return await self._put_large(source, file, path)
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
            self._ask(file.stat(), doing),
            self._ask(file.close(), doing),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        size = answers[-2].size  # type: ignore[union-attr]
        return size if size == len(data) else None

    async def _put_large(
        self, source: Source, file: asyncssh.SFTPClientFile, path: str
    ) -> int | None:
        doing, offset = f"write {path}", 0
        async with aclosing(source.chunks()) as chunks, Flight(BLOCKS_IN_FLIGHT) as flight:
            async for chunk in chunks:
                for at in range(0, len(chunk), self._block):
                    block = chunk[at : at + self._block]
                    await flight.start(self._ask(file.write(block, offset), doing))
                    offset += len(block)
        size = (await self._ask(file.stat(), doing)).size
        await self._ask(file.close(), doing)
        return size

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename; with ``replace`` by ``posix-rename@openssh.com``. See :meth:`Remote.rename`."""
        rename = self._client.posix_rename if replace else self._client.rename
        try:
            with self._watchdog:
                await rename(old, new)
        except (*sftp_errors.UNSUPPORTED, *sftp_errors.FORBIDDEN) as error:
            # The file is our own and its folder takes new names: renaming as such is forbidden.
            raise RenameUnsupported(self.said(error)) from error
        except sftp_errors.MISSING as error:
            raise RemoteFileNotFound(old) from error
        except (asyncssh.Error, OSError) as error:
            raise await self._rename_error(error, old, new) from error

    async def _rename_error(self, error: Exception, old: str, new: str) -> Exception:
        if sftp_errors.connection_ended(error):
            return AmbiguousError(
                f"The connection to {self.where} ended before it answered the renaming of "
                f"{old} to {new}; it may or may not have been done. The next attempt looks."
            )
        # Plain rename answers "failure" to everything, most often to a name that is taken.
        failed = isinstance(error, (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists))
        if failed and await self._exists(new):
            return RenameTargetExists(self.said(error))
        return sftp_errors.explain(self, error, f"rename {old} to {new}")

    async def remove(self, path: str) -> None:
        """Delete the file ``path``. Raises ``RemoteFileNotFound``."""
        await self._ask(self._client.remove(path), f"delete {path}")

    async def make_directory(self, path: str) -> None:
        """Create directory ``path`` and its parents; fine when it exists."""
        if path in ("", "/"):
            return
        try:
            await self._make_one_directory(path)
        except RemoteFileNotFound:
            await self.make_directory(posixpath.dirname(path))
            await self._make_one_directory(path)

    async def _make_one_directory(self, path: str) -> None:
        doing = f"make the folder {path}"
        try:
            await self._ask(self._client.mkdir(path), doing)
        except (TransientError, DestinationMisconfigured):
            # Servers say "failure", and some "permission denied", for a folder that is there.
            if self.broken or not await self._is_directory(path):
                raise

    async def _is_directory(self, path: str) -> bool:
        try:
            found = await self.stat(path)
        except RemoteFileNotFound:
            return False
        if not found.is_directory:
            raise DestinationMisconfigured(
                f"{path} at {self.where} is a file, but Pigeon needs a folder of that name. "
                "Correct the folder in the URL or the rule's get_directory, or have it removed."
            )
        return True

    async def _exists(self, path: str) -> bool:
        try:
            await self.stat(path)
        except RemoteFileNotFound:
            return False
        return True

    async def _ask(self, request: Awaitable[T], doing: str) -> T:
        """The answer to ``request``, under the watchdog, with errors in our words."""
        try:
            with self._watchdog:
                return await request
        except sftp_errors.MISSING as error:
            raise RemoteFileNotFound(self.said(error)) from error
        except (asyncssh.Error, OSError) as error:
            raise self._error(error, doing) from error

    def _error(self, error: Exception, doing: str) -> Exception:
        if self._watchdog.fired:
            return TransientError(
                f"{self.where} stopped answering for {self.timeout:g} seconds while Pigeon "
                f"tried to {doing}. The connection was closed."
            )
        return sftp_errors.explain(self, error, doing)

    async def _close_quietly(self, file: asyncssh.SFTPClientFile) -> None:
        try:
            with self._watchdog:
                await file.close()
        except (asyncssh.Error, OSError):
            pass  # the error that matters is already on its way


def _facts(attributes: asyncssh.SFTPAttrs) -> RemoteStat:
    modified = attributes.mtime
    return RemoteStat(
        size=attributes.size,
        modified=None if modified is None else datetime.fromtimestamp(modified, UTC),
        is_directory=attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY
        or stat.S_ISDIR(attributes.permissions or 0),
    )


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
