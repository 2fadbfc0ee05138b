"""SFTP, on paramiko: for servers with which asyncssh does not get on.

One connection carries several sessions, each with one file at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import asyncssh
import paramiko

from pigeon.remotes import sftp_refusals
from pigeon.remotes.base import RemoteEntry
from pigeon.remotes.listing import is_entry
from pigeon.remotes.sftp_base import SFTPBase, facts_of
from pigeon.remotes.sftp_facts import facts
from pigeon.remotes.sftp_paramiko_login import ParamikoLogin, hang_up
from pigeon.remotes.sftp_paramiko_pool import NoSession, NoSFTP, Pool, Session
from pigeon.remotes.sftp_paramiko_session import SessionClient
from pigeon.remotes.source import CHUNK, Source
from pigeon.remotes.threads import in_own_thread
from pigeon.remotes.watchdog import Watchdog, unacknowledged

#: Seconds for the threads to end.
CLOSE_TIMEOUT = 5.0

T = TypeVar("T")


class ParamikoRemote(SFTPBase):
    """One connection, with a few SFTP sessions on it."""

    #: OpenSSH's servers allow ten sessions on a connection, as they are delivered.
    in_flight = 8
    connections = 1

    _transport: paramiko.Transport
    _pool: Pool

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._watchdog.fired or not self._transport.is_active()

    async def open(self) -> None:
        """Connect, check the host key, log in. Errors: see :class:`ParamikoLogin`.

        Raises:
            DestinationMisconfigured: the server offers no SFTP.
        """
        login = ParamikoLogin(self)
        self._transport = transport = await login.connect()
        self._watchdog = Watchdog(
            self.timeout, lambda: hang_up(transport), lambda: unacknowledged(transport.sock)
        )
        self._pool = Pool(transport, self.in_flight, self._progress_from_threads())
        self._client = _Requests(self._pool)
        try:
            with self._watchdog:
                async with self._pool.session() as session:
                    self._version = session.client.version
        except NoSession as error:
            raise sftp_refusals.too_many_sessions(self, error) from error
        except NoSFTP as error:
            raise sftp_refusals.no_sftp(self, login.identity, error) from error
        except OSError as error:
            late = TimeoutError() if self._watchdog.fired else error
            raise sftp_refusals.unreachable(self, late) from error

    def _progress_from_threads(self) -> Callable[[], None]:
        """Tells the watchdog, from whatever thread, that something has moved."""
        loop = asyncio.get_running_loop()

        def progress() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._watchdog.progress)

        return progress

    def facts(self) -> dict[str, str]:
        """Server, protocol, host key and cipher."""
        key = self._transport.get_remote_server_key()
        return facts(
            server=self._transport.remote_version,
            version=self._version,
            key=asyncssh.import_public_key(f"{key.get_name()} {key.get_base64()}"),
            cipher=self._transport.local_cipher,
        )

    async def close(self) -> None:
        """Disconnect, and see the threads end."""
        if not hasattr(self, "_pool"):
            return
        self._watchdog.stop()
        self._pool.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await in_own_thread(self._end)

    def _end(self) -> None:
        hang_up(self._transport)
        self._transport.join(CLOSE_TIMEOUT)

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, without ``.`` and ``..``."""
        doing = f"list {path}"
        async with self._pool.session() as session:
            handle = await self._call(session, doing, SessionClient.open_directory, path or ".")
            try:
                while names := await self._call(session, doing, SessionClient.read_names, handle):
                    for name, attributes in names:
                        if is_entry(name, self.where):
                            yield RemoteEntry(name, facts_of(attributes))
            finally:
                await self._close_quietly(session, handle)

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""
        doing = f"read {path}"
        async with self._pool.session() as session:
            handle = await self._call(session, doing, SessionClient.open_file, path, "read")
            try:
                while data := await self._call(
                    session, doing, SessionClient.read, handle, offset, CHUNK
                ):
                    yield data
                    offset += len(data)
            finally:
                await self._close_quietly(session, handle)

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path``; see :meth:`Remote.put`."""
        data = source.read() if source.is_small and not offset else None
        mode = "resume" if offset else "new"
        async with self._pool.session() as session:
            doing = f"create {path}"
            handle = await self._call(session, doing, SessionClient.open_file, path, mode)
            doing = f"write {path}"
            try:
                if data is not None:
                    return await self._call(
                        session, doing, SessionClient.write_whole, handle, data
                    )
                async with aclosing(source.chunks(offset)) as chunks:
                    async for chunk in chunks:
                        await self._call(
                            session, doing, SessionClient.write, handle, offset, chunk
                        )
                        offset += len(chunk)
                size = await self._call(session, doing, SessionClient.size, handle)
                await self._call(session, doing, SessionClient.close_handle, handle)
                return size
            except BaseException:
                await self._close_quietly(session, handle)
                raise

    async def _call(
        self, session: Session, doing: str, request: Callable[..., T], *arguments: Any
    ) -> T:
        return await self._ask(session.call(request, *arguments), doing)

    async def _close_quietly(self, session: Session, handle: bytes) -> None:
        with suppress(asyncssh.Error, OSError), self._watchdog:
            await session.call(SessionClient.close_handle, handle)


class _Requests:
    """The simple requests, each on whatever session is free."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def _call(self, request: Callable[..., T], *arguments: Any) -> T:
        async with self._pool.session() as session:
            return await session.call(request, *arguments)

    async def stat(self, path: str) -> asyncssh.SFTPAttrs:
        return await self._call(SessionClient.attributes, path)

    async def rename(self, oldpath: str, newpath: str) -> None:
        await self._call(SessionClient.rename, oldpath, newpath)

    async def posix_rename(self, oldpath: str, newpath: str) -> None:
        await self._call(SessionClient.posix_rename, oldpath, newpath)

    async def remove(self, path: str) -> None:
        await self._call(SessionClient.remove, path)

    async def mkdir(self, path: str) -> None:
        await self._call(SessionClient.mkdir, path)

    async def rmdir(self, path: str) -> None:
        await self._call(SessionClient.rmdir, path)

    async def chmod(self, path: str, mode: int) -> None:
        await self._call(SessionClient.chmod, path, mode)

    async def statvfs(self, path: str) -> asyncssh.SFTPVFSAttrs:
        return await self._call(SessionClient.statvfs, path)
