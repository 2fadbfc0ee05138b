"""An SFTP session on an SSH connection: any number of requests under way, answered in any order.

Only the channel is asyncssh's. Its own SFTP client makes two futures, four objects and a dozen
lines for a log of each request, which costs more than everything else that sending a small file
takes (``docs/decisions/0013-own-requests.rst``).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Any

import asyncssh

from pigeon.remotes import sftp_protocol as wire
from pigeon.remotes.sftp_packets import Packets
from pigeon.remotes.sftp_protocol import Answer

#: Takes an answer, or the error that it is.
Take = Callable[[Any, Exception | None], None]
#: Reads an answer's body.
Read = Callable[[Answer], Any]
_START = struct.Struct(">IBI")


def nothing(answer: Answer) -> None:
    """Read no more of an answer."""
    return None


class Dialogue(asyncssh.SSHClientSession[bytes]):
    """Requests and their answers, whatever they ask.

    Refusals are raised as asyncssh's ``SFTPError``; so is the end of the connection, as
    ``SFTPConnectionLost``.

    Attributes:
        version: of the protocol, as the server has it.
        max_read, max_write: bytes of one request.
    """

    def __init__(self) -> None:
        self.version = 0
        self.max_read = self.max_write = wire.SAFE_LENGTH
        self._loop = asyncio.get_running_loop()
        #: Number of a request → the kind of answer it has, how to read that, and who waits.
        self._waiting: dict[int, tuple[int, Read, Take]] = {}
        self._number = 0
        self._rest = b""
        self._extensions: dict[bytes, bytes] = {}
        self._greeting: asyncio.Future[None] = self._loop.create_future()
        self._greeting.add_done_callback(ignored)
        self._end: Exception | None = None
        self._packets: Packets | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is answered any more."""
        return self._end is not None

    # What comes

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Bytes of the server's; answers end where they end."""
        if datatype is not None or self._end is not None:  # what it writes to its log, or nonsense
            return
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        try:
            while end - at >= 9:
                length, kind, number = _START.unpack_from(data, at)
                stop = at + 4 + length
                if length < 5 or length > wire.MAX_ANSWER:
                    raise asyncssh.SFTPBadMessage(f"an answer of {length} bytes")
                if stop > end:
                    break
                self._take(kind, number, data, at + 9, stop)
                at = stop
        except asyncssh.SFTPError as error:
            # Nobody knows any more which answer is whose: what was asked may have been done.
            self._finish(
                asyncssh.SFTPConnectionLost(f"the server said what makes no sense: {error}")
            )
            data = b""
        self._rest = data[at:]

    def _take(self, kind: int, number: int, data: bytes, at: int, stop: int) -> None:
        if not self.version:
            self._greet(kind, number, Answer(data, at, stop))
            return
        if number not in self._waiting:
            raise asyncssh.SFTPBadMessage(f"an answer to the request {number}, which is none")
        expected, read, take = self._waiting.pop(number)
        if kind == expected == wire.STATUS and data[at : min(at + 4, stop)] == wire.DONE:
            take(None, None)  # as most are
            return
        result: Any = None
        try:
            result, error = _read(kind, expected, read, Answer(data, at, stop)), None
        except asyncssh.SFTPError as refusal:
            error = refusal
        take(result, error)

    def _greet(self, kind: int, version: int, answer: Answer) -> None:
        if kind != wire.VERSION_IS or version < wire.VERSION:
            raise asyncssh.SFTPBadMessage(f"it begins with {kind} and version {version}")
        self.version = min(version, wire.VERSION)
        while answer:
            name = answer.string()
            self._extensions[name] = answer.string()
        if not self._greeting.done():
            self._greeting.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel, or the whole connection, has ended."""
        self._finish(exc or asyncssh.SFTPConnectionLost("Connection closed"))
        if self._packets is not None:
            self._packets.drop()

    def eof_received(self) -> bool:
        """The server says nothing more, so nobody need wait."""
        self._finish(asyncssh.SFTPConnectionLost("Connection closed"))
        return False

    def _finish(self, error: Exception) -> None:
        """Nothing more is answered."""
        if self._end is None:
            self._end = error
        waiting, self._waiting = self._waiting, {}
        for _, _, take in waiting.values():
            take(None, self._end)
        if not self._greeting.done():
            lost = error if isinstance(error, asyncssh.SFTPError) else None
            self._greeting.set_exception(lost or asyncssh.SFTPConnectionLost(str(error)))

    # What is asked

    def send(
        self, kind: int, take: Take, body: Sequence[bytes | memoryview], expected: int, read: Read
    ) -> None:
        """Send a request; ``take`` gets its answer."""
        if self._end is not None or self._packets is None:
            take(None, self._end or asyncssh.SFTPNoConnection("Connection not open"))
            return
        self._number = number = (self._number + 1) & 0xFFFFFFFF
        self._waiting[number] = expected, read, take
        self._packets.write(wire.head(kind, number, sum(map(len, body))), *body)

    def ask(
        self, kind: int, body: bytes, expected: int = wire.STATUS, read: Read = nothing
    ) -> asyncio.Future[Any]:
        """The future answer to a request of one piece."""
        answer: asyncio.Future[Any] = self._loop.create_future()

        def take(result: Any, error: Exception | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        self.send(kind, take, (body,), expected, read)
        return answer


def _read(kind: int, expected: int, read: Read, answer: Answer) -> Any:
    """What the answer says. Raises ``asyncssh.SFTPError``: a refusal, or nonsense."""
    if kind == expected:
        if kind == wire.STATUS and (error := wire.error_of(answer)) is not None:
            raise error
        return read(answer)
    if kind == wire.STATUS:
        done = asyncssh.SFTPBadMessage("it says that it was done, and nothing more")
        raise wire.error_of(answer) or done
    raise asyncssh.SFTPBadMessage(f"an answer of kind {kind}")


def ignored(answer: asyncio.Future[None]) -> None:
    """For futures whose errors nobody need see."""
    if not answer.cancelled():
        answer.exception()
