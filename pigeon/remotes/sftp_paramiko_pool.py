"""The SFTP sessions of one connection of paramiko's, each in a thread of its own.

A session does one thing at a time, so that as many are opened as are needed at once, up to a
limit, or up to what the server allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import asyncssh
import paramiko

from pigeon.remotes.sftp_paramiko_session import SessionClient
from pigeon.remotes.threads import OwnThread

T = TypeVar("T")


class NoSession(Exception):
    """The server opens no (further) session on this connection; with its words."""


class NoSFTP(Exception):
    """The server opens a session, but has no SFTP for it; with its words."""


class Session:
    """One session and its thread.

    Attributes:
        client: what speaks; use it by :meth:`call` alone.
        broken: nothing can come of it any more.
    """

    client: SessionClient

    def __init__(self) -> None:
        self.broken = False
        self._thread = OwnThread()

    async def open(self, transport: paramiko.Transport, progress: Callable[[], object]) -> None:
        """Open it on ``transport``.

        Raises:
            NoSFTP: the server has none.
            NoSession: the server opens no (further) one.
            OSError: the connection has ended.
        """

        def start() -> SessionClient:
            channel = None
            try:
                channel = transport.open_session()
                channel.invoke_subsystem("sftp")
                return SessionClient(channel, progress)
            except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError) as error:
                if not transport.is_active():
                    raise
                if channel is None:
                    raise NoSession(str(error)) from error
                channel.close()
                raise NoSFTP(str(error)) from error

        try:
            self.client = await self._run(start)
        except BaseException:
            self._thread.stop()
            raise

    async def call(self, request: Callable[..., T], *arguments: Any) -> T:
        """``request(client, *arguments)``, after all calls before it.

        Raises:
            asyncssh.SFTPError: the server refused.
            OSError: the connection has ended.
        """
        return await self._run(partial(request, self.client, *arguments))

    async def _run(self, function: Callable[[], T]) -> T:
        try:
            return await self._thread.run(function)
        except (asyncssh.SFTPError, NoSFTP, NoSession):
            raise
        except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError) as error:
            self.broken = True
            raise ConnectionError(str(error) or "it hung up") from error

    def close(self) -> None:
        """Let the thread end, once the session's connection has."""
        self._thread.stop()


class Pool:
    """Up to ``limit`` sessions.

    Args:
        transport: the connection, logged in.
        limit: how many.
        progress: called from the sessions' threads whenever something moves.
    """

    def __init__(
        self, transport: paramiko.Transport, limit: int, progress: Callable[[], object]
    ) -> None:
        self._transport = transport
        self._progress = progress
        self._open: set[Session] = set()
        # The last that came back is the next to go; a place without a session opens one.
        self._places: asyncio.LifoQueue[Session | None] = asyncio.LifoQueue()
        for _ in range(limit):
            self._places.put_nowait(None)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session for as long as the block lasts; waits until one is free."""
        session = await self._take()
        try:
            yield session
        finally:
            if session.broken:
                self._open.discard(session)
                session.close()
            self._places.put_nowait(None if session.broken else session)

    async def _take(self) -> Session:
        while True:
            session = await self._places.get()
            if session is not None:
                return session
            session = Session()
            try:
                await session.open(self._transport, self._progress)
            except NoSession:
                if self._open:  # the server allows no more: this place is gone
                    continue
                self._places.put_nowait(None)
                raise
            except BaseException:
                self._places.put_nowait(None)
                raise
            self._open.add(session)
            return session

    def close(self) -> None:
        """Let all threads end, once the connection has."""
        for session in self._open:
            session.close()
