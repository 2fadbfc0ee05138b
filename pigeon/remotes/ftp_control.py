"""The control connection: commands in flights, replies in their order, plain or in TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from pigeon.remotes.ftp_replies import NotFTP, Reply, ReplyReader
from pigeon.remotes.ftp_tls import Secured


class Command:
    """A command that is to be sent, or was.

    Attributes:
        answer: gets the final reply; preliminary ones (1xx) are passed over.
        holds: nothing else may be sent between this command and its final reply.
        rides: but this command may, right behind it.
        after: the command that this one finishes, such as the RNFR of an RNTO.
        then: called at the moment when it is answered, or will not be: then with ``None``.
        sent: whether it has left.
        answered: whether the final reply has come, even if nobody waited for it any more.
    """

    __slots__ = ("after", "answer", "answered", "holds", "line", "rides", "sent", "then")

    def __init__(
        self,
        line: bytes,
        answer: asyncio.Future[Reply],
        *,
        holds: bool,
        rides: bool = False,
        after: Command | None = None,
        then: Callable[[Reply | None], object] | None = None,
    ) -> None:
        self.line, self.answer, self.holds, self.rides = line, answer, holds, rides
        self.after, self.then = after, then
        self.sent = self.answered = False

    @property
    def wanted(self) -> bool:
        """Whether it is to be sent when its turn comes.

        A cancelled command is not, but no half of two is sent alone: the server would take
        the next command, of whatever delivery, for the other half.
        """
        return self.after.sent if self.after is not None else not self.answer.done()

    def settle(self, reply: Reply | None) -> None:
        """Call ``then``, once; who gave it is not kept alive by it any longer."""
        then, self.then = self.then, None
        if then is not None:
            then(reply)


class Control(asyncio.Protocol):
    """Sends commands without waiting for the answers of those before.

    What several deliveries want to say at the same moment goes out in one flight. Only while
    a transfer is open nothing is sent: ProFTPD refuses most commands then, and answers others
    out of turn.

    When the connection ends, every command that waits fails with the ``OSError`` or
    :class:`NotFTP` that ended it.

    Args:
        ended: called when the connection has ended.
        secured: the TLS that begins at once, where it is implicit.

    Attributes:
        error: what ended the connection.
        greeting: what the server says first, to be awaited like the answer to a command.
        secured: its TLS, once it has begun.
        tls: done when TLS is up; fails with an ``OSError``, of which ``ssl.SSLError`` is one.
        family, address: the server's, as sockets take them.
    """

    def __init__(self, ended: Callable[[], object], secured: Secured | None = None) -> None:
        self.error: Exception | None = None
        self.secured = secured
        self.family = 0
        self.address: tuple[Any, ...] = ()
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._replies = ReplyReader()
        self._queue: deque[Command] = deque()
        self.greeting = Command(b"", self._loop.create_future(), holds=False)
        self._unanswered = deque([self.greeting])
        self.tls: asyncio.Future[None] = self._loop.create_future()
        self._held = self._flushing = self._shaking = False

    def queue(
        self,
        line: str,
        *,
        holds: bool = False,
        rides: bool = False,
        after: Command | None = None,
        then: Callable[[Reply | None], object] | None = None,
    ) -> Command:
        """Send ``line`` with the next flight; one that ``rides`` also while another holds.

        See :class:`Command` for the arguments.

        Raises:
            ValueError: it holds a line break, which would start another command.
        """
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError("A path must not hold a line break or a NUL.")
        answer = self._loop.create_future()
        data = f"{line}\r\n".encode("utf-8", "surrogateescape")
        command = Command(data, answer, holds=holds, rides=rides, after=after, then=then)
        if self.error is not None:
            _fail(command, self.error)
        else:
            self._queue.append(command)
            self._flush_soon()
        return command

    def flush(self) -> None:
        """Send now what is queued, as far as nothing holds it back."""
        self._flushing = False
        lines = []
        while self._queue and (not self._held or self._queue[0].rides):
            command = self._queue.popleft()
            if not command.wanted:
                command.answer.cancel()
                command.settle(None)
                continue  # nobody waits for it any more
            command.sent, self._held = True, self._held or command.holds
            self._unanswered.append(command)
            lines.append(command.line)
        if lines and self.error is None:
            data = b"".join(lines)
            self._transport.write(self.secured.encrypted(data) if self.secured else data)

    def start_tls(self, secured: Secured) -> None:
        """Go on in TLS; await :attr:`tls`. Raises what ended the connection, or ``NotFTP``."""
        if self.error is not None:
            raise self.error
        if self._replies.inside or self._unanswered:
            # Whoever sits on the line could slip a reply in front of the encrypted ones.
            raise NotFTP("plain data where TLS was to begin")
        self.secured = secured
        self._shake(b"")

    def write_last(self, line: bytes) -> None:
        """Send ``line`` at once and close; nothing is waited for."""
        self.error = self.error or ConnectionResetError("Pigeon closed it")
        if self._transport.is_closing():
            return
        self._transport.write(self.secured.encrypted(line) if self.secured else line)
        if self.secured:
            self._transport.write(self.secured.goodbye())
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self.error = self.error or ConnectionResetError("Pigeon closed it")
        self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        # Of loops of another make, such as uvloop's, it is no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.family = int(transport.get_extra_info("socket").family)
        self.address = transport.get_extra_info("peername")
        if self.secured is not None:
            self._shake(b"")

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone: whoever waits hears of it."""
        self._fail(error or ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Bytes of the server."""
        try:
            if self._shaking:
                self._shake(data)
                return
            if self.secured is not None:
                data = self.secured.decrypted(data)
                if pending := self.secured.to_send():
                    self._transport.write(pending)
            self._read(data)
        except (NotFTP, ssl.SSLError) as error:
            self._fail(error)

    def _read(self, data: bytes) -> None:
        for reply in self._replies.feed(data):
            if reply.code >= 200:
                self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        if not self._unanswered:
            # Such as "421 Timeout": it says why the connection ends.
            self._fail(ConnectionResetError(f"the server said: {reply}"))
            return
        command = self._unanswered.popleft()
        command.answered = True
        if not command.answer.done():
            command.answer.set_result(reply)
        command.settle(reply)
        if command.holds:
            self._held = False
            self._flush_soon()
        if reply.code == 421:
            self._fail(ConnectionResetError(f"the server said: {reply}"))

    def _shake(self, received: bytes) -> None:
        assert self.secured
        self._shaking, done = True, False
        try:
            done = self.secured.shake(received)
        except ssl.SSLError as error:
            self._fail(error)
        if pending := self.secured.to_send():
            self._transport.write(pending)  # an alert says what we did not like
        if done:
            self._shaking = False
            if not self.tls.done():
                self.tls.set_result(None)
            self.data_received(b"")  # what came with the end of the handshake

    def _flush_soon(self) -> None:
        if not (self._flushing or self._held) and self._queue:
            self._flushing = True
            self._loop.call_soon(self.flush)

    def _fail(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            self._loop.call_soon(self._transport.abort)
        if not self.tls.done():
            _give(self.tls, self.error)
        waiting = (*self._unanswered, *self._queue)
        self._unanswered.clear()
        self._queue.clear()
        for command in waiting:
            _fail(command, self.error)
        self._ended()


def _fail(command: Command, error: Exception) -> None:
    if not command.answer.done():
        _give(command.answer, error)
    command.settle(None)


def _give(waiter: asyncio.Future[Any], error: Exception) -> None:
    waiter.set_exception(error)
    waiter.exception()  # if nobody waits any more, asyncio need not log it
