"""An SFTP session on an SSH connection, with the requests that deliveries need."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh

from pigeon.remotes import sftp_protocol as wire
from pigeon.remotes.sftp_arrivals import Arrivals
from pigeon.remotes.sftp_dialogue import Dialogue, Read, Take, ignored, nothing
from pigeon.remotes.sftp_errors import UNTOLD
from pigeon.remotes.sftp_packets import Packets
from pigeon.remotes.sftp_protocol import Answer

#: Entries of a folder with their attributes.
Names = list[tuple[str, asyncssh.SFTPAttrs]]


def _names(answer: Answer) -> Names:
    return list(wire.names_of(answer))


class SFTPSession(Dialogue):
    """The requests of SFTP, each a future or a callback."""

    _arrivals: Arrivals

    @classmethod
    async def start(cls, connection: asyncssh.SSHClientConnection) -> SFTPSession:
        """A session on ``connection``.

        Raises:
            asyncssh.ChannelOpenError: the server opens no more sessions, or has no SFTP.
            asyncssh.SFTPError: it does not speak it.
        """
        channel, session = await connection.create_session(cls, subsystem="sftp", encoding=None)
        assert isinstance(session, SFTPSession)
        session._packets = Packets(connection, channel)
        session._arrivals = Arrivals(connection, channel)
        session._packets.write(struct.pack(">IBI", 5, wire.INIT, wire.VERSION))
        await session._greeting
        if session._extensions.get(b"limits@openssh.com") == b"1":
            await session._ask_for_limits()
        return session

    async def _ask_for_limits(self) -> None:
        def read(answer: Answer) -> list[int]:
            return [answer.long() for _ in range(4)]

        _, longest_read, longest_write, _ = await self._extended(b"limits@openssh.com", b"", read)
        self.max_read = longest_read or self.max_read
        self.max_write = longest_write or self.max_write

    def _extended(self, name: bytes, body: bytes, read: Read | None = None) -> asyncio.Future[Any]:
        request = wire.string(name) + body
        if read is None:
            return self.ask(wire.EXTENDED, request)
        return self.ask(wire.EXTENDED, request, wire.EXTENDED_REPLY, read)

    def open(self, path: str, how: int) -> asyncio.Future[bytes]:
        """The handle of the file ``path``; one for whom nobody waits any more is closed."""
        answer: asyncio.Future[bytes] = self._loop.create_future()

        def take(handle: bytes, error: Exception | None) -> None:
            if answer.done():
                if error is None:
                    self.close(handle).add_done_callback(ignored)
            elif error is None:
                answer.set_result(handle)
            else:
                answer.set_exception(error)

        self.send(wire.OPEN, take, (wire.opening(path, how),), wire.HANDLE, Answer.string)
        return answer

    def close(self, handle: bytes) -> asyncio.Future[None]:
        """Close a file or folder."""
        return self.ask(wire.CLOSE, wire.string(handle))

    def read(self, handle: bytes, offset: int, length: int) -> asyncio.Future[bytes]:
        """Up to ``length`` bytes from ``offset``; ``SFTPEOFError`` at the end."""
        body = wire.place(handle, offset, min(length, self.max_read))
        answer = self.ask(wire.READ, body, wire.DATA, Answer.string)
        answer.add_done_callback(ignored)  # who reads ahead asks for more than there is
        return answer

    def write(self, handle: bytes, offset: int, data: bytes | memoryview, take: Take) -> None:
        """Write ``data``, at most :attr:`max_write` bytes, at ``offset``."""
        body = wire.place(handle, offset, len(data)), data
        self.send(wire.WRITE, take, body, wire.STATUS, nothing)

    def size(self, handle: bytes, take: Take) -> None:
        """The size in bytes of an open file, ``None`` if the server does not tell."""

        def told(size: int | None, error: Exception | None) -> None:
            take(size, None if isinstance(error, UNTOLD) else error)

        self.send(wire.FSTAT, told, (wire.string(handle),), wire.ATTRS, wire.size_of)

    def fill(
        self, handle: bytes, data: bytes, block: int, progress: Callable[[], None]
    ) -> asyncio.Future[int | None]:
        """Write all of an open file, ask for its size and close it, in one flight.

        A server answers in the order of the requests of one file.

        Args:
            handle: of the file; it is none any more, whatever comes of it.
            data: what it is to hold; empty: nothing is written.
            block: bytes of one request.
            progress: called with each answer.

        Returns:
            The size in bytes that the server tells, if it does.
        """
        filling = _Filling(self._loop.create_future(), progress)
        for at in range(0, len(data), block):
            filling.left += 1
            self.write(handle, at, memoryview(data)[at : at + block], filling.take)
        self.size(handle, filling.take_size)
        self.send(wire.CLOSE, filling.take, (wire.string(handle),), wire.STATUS, nothing)
        return filling.answer

    def list(self, handle: bytes) -> asyncio.Future[Names]:
        """The next entries of an open folder; ``SFTPEOFError`` after the last."""

        return self.ask(wire.READDIR, wire.string(handle), wire.NAME, _names)

    def open_folder(self, path: str) -> asyncio.Future[bytes]:
        """The handle of the folder ``path``."""
        return self.ask(wire.OPENDIR, wire.path(path), wire.HANDLE, Answer.string)

    def stat(self, path: str) -> asyncio.Future[asyncssh.SFTPAttrs]:
        """The attributes of ``path``."""
        return self.ask(wire.STAT, wire.path(path), wire.ATTRS, wire.attributes_of)

    def rename(self, oldpath: str, newpath: str) -> asyncio.Future[None]:
        """Rename onto a free name."""
        return self.ask(wire.RENAME, wire.path(oldpath) + wire.path(newpath))

    def posix_rename(self, oldpath: str, newpath: str) -> Awaitable[None]:
        """Rename onto any name."""
        name = b"posix-rename@openssh.com"
        if self._extensions.get(name) != b"1":
            return self._unsupported("posix-rename")
        return self._extended(name, wire.path(oldpath) + wire.path(newpath))

    def remove(self, path: str) -> asyncio.Future[None]:
        """Delete a file."""
        return self.ask(wire.REMOVE, wire.path(path))

    def mkdir(self, path: str) -> asyncio.Future[None]:
        """Make a folder."""
        return self.ask(wire.MKDIR, wire.path(path) + b"\0\0\0\0")

    def rmdir(self, path: str) -> asyncio.Future[None]:
        """Delete an empty folder."""
        return self.ask(wire.RMDIR, wire.path(path))

    def chmod(self, path: str, mode: int) -> asyncio.Future[None]:
        """Set permission bits."""
        return self.ask(wire.SETSTAT, wire.path(path) + wire.permissions(mode))

    def statvfs(self, path: str) -> Awaitable[asyncssh.SFTPVFSAttrs]:
        """The state of the file system of ``path``."""
        name = b"statvfs@openssh.com"
        if self._extensions.get(name) != b"2":
            return self._unsupported("statvfs")
        return self._extended(name, wire.path(path), wire.space_of)

    def _unsupported(self, what: str) -> Awaitable[Any]:
        answer: asyncio.Future[Any] = self._loop.create_future()
        answer.set_exception(asyncssh.SFTPOpUnsupported(f"{what} not supported"))
        return answer


class _Filling:
    """Counts the answers to the requests that fill one file; the first error is the file's.

    Attributes:
        answer: the size that the server tells, once all have been answered.
        left: how many have not been; it begins with those for size and close.
    """

    __slots__ = ("_error", "_progress", "_size", "answer", "left")

    def __init__(self, answer: asyncio.Future[int | None], progress: Callable[[], None]) -> None:
        self.answer, self.left = answer, 2
        self._progress = progress
        self._size: int | None = None
        self._error: Exception | None = None

    def take(self, result: object, error: Exception | None) -> None:
        self._error = self._error or error
        self._progress()
        self.left -= 1
        if self.left or self.answer.done():
            return
        if self._error is None:
            self.answer.set_result(self._size)
        else:
            self.answer.set_exception(self._error)

    def take_size(self, size: int | None, error: Exception | None) -> None:
        self._size = size
        self.take(None, error)
