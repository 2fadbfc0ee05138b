"""One transfer: a port, the command that uses it, the data, and the server's word at the end."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from pigeon.exceptions import DeliveryError, TransientError
from pigeon.remotes import ftp_errors
from pigeon.remotes.base import RemoteFileNotFound
from pigeon.remotes.ftp_connection import FTPConnection
from pigeon.remotes.ftp_control import Command
from pigeon.remotes.ftp_data import DataConnection
from pigeon.remotes.ftp_errors import MISSING_OR_FORBIDDEN
from pigeon.remotes.ftp_replies import Reply

#: Seconds for the server's word on a data connection that it did not take, or that was reset.
GRACE = 5.0


class RestartRefused(Exception):
    """The server does not begin at an offset."""


class Transfer:
    """A context manager around one command that moves data.

    The command is sent before the data connection is up, and TLS begins after it: servers
    start their side of TLS only then. Until its final reply nothing else is sent.

    What is left early (an error, a cancellation) is reset, so that the server cannot take it
    for a whole file; the dialogue stays in order.

    Args:
        connection: logged in.
        line: the command.
        doing: the step, for errors, as in "write /incoming/a.xml".
        offset: where in the file to begin; by REST, unless the command is APPE.
    """

    def __init__(self, connection: FTPConnection, line: str, doing: str, offset: int = 0) -> None:
        self._connection, self._line, self._doing = connection, line, doing
        self._offset = offset
        self._command: Command
        self._data: DataConnection

    async def __aenter__(self) -> Self:
        connection = self._connection
        port = await self._ask()
        self._data = connection.new_data(port)
        self._command.then = self._answered
        try:
            if not self._data.try_connect():
                async with asyncio.timeout(connection.remote.timeout):
                    await self._data.connect()
        except OSError as error:  # TimeoutError is one
            raise await self._not_connected(error, port) from error
        except BaseException:
            self._data.reset()
            if self._command.sent:
                connection.drop()  # the server would wait for somebody to come
            self._command.answer.cancel()
            raise
        if self._data.resumed is not None:
            connection.resumes_session = self._data.resumed
        return self

    async def _ask(self) -> int:
        """Send the command, when its turn has come; the port for its data."""
        connection = self._connection
        turn = await connection.take_turn()
        try:
            port = await connection.data_port(self._doing)
            if self._offset and not self._line.startswith("APPE"):
                await self._restart()
            self._command = connection.control.queue(self._line, holds=True)
        except BaseException:
            turn.release()
            raise
        self._ask_behind()
        connection.pass_turn(turn)
        connection.control.flush()  # data that comes before its command may get lost
        return port

    async def _restart(self) -> None:
        """Say where the transfer begins, whose command then follows at once."""
        connection = self._connection
        rest = connection.control.queue(f"REST {self._offset}")
        try:
            reply = await connection.answer(rest, self._doing)
        except BaseException:
            if rest.sent:  # the server keeps it for the next transfer, whosever that is
                connection.control.queue("REST 0")
            raise
        if reply.code != 350:
            raise RestartRefused(connection.remote.said(reply))

    def _ask_behind(self) -> None:
        """Send what else is to be asked right behind the command."""

    def _answered(self, reply: Reply | None) -> None:
        """A refusal ends the data connection, whoever still waits there."""
        if reply is not None and not reply.good:
            self._data.wake()

    async def _not_connected(self, error: OSError, port: int) -> Exception:
        """The server's reason if it has one; it may have closed the port because of it."""
        self._data.reset()
        grace = min(GRACE, self._connection.remote.timeout)
        await asyncio.wait([self._command.answer], timeout=grace)
        if self._command.answer.done():
            try:
                self._check(await self._connection.answer(self._command, self._doing))
            except (DeliveryError, RemoteFileNotFound) as reason:
                return reason
        self._connection.drop()
        return ftp_errors.explain_data(self._connection.remote, error, port, self._doing)

    async def receive(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            with self._connection.watchdog:
                block = await self._data.receive()
        except OSError:
            await self.finish()
            raise AssertionError("finish raises for what was cut") from None
        if not block:
            self._data.close()  # ProFTPD waits for it, for seconds, before it says 226
        return block

    @property
    def ragged(self) -> bool:
        """What was received may be cut: TLS did not say that this is the end."""
        return self._data.ragged

    async def finish(self) -> None:
        """Wait for the server's word.

        Raises:
            RemoteFileNotFound: 550 or 553.
            DeliveryError: it refused, or it took less than was sent.
        """
        reply = await self._connection.answer(self._command, self._doing)
        self._data.close()
        self._check(reply)
        if self._data.cut:
            raise TransientError(
                f"{self._connection.remote.where} broke off the data connection while Pigeon "
                f"tried to {self._doing}, and yet said: {self._connection.remote.said(reply)}."
            )

    def _check(self, reply: Reply) -> None:
        if reply.good:
            return
        remote = self._connection.remote
        if reply.code in MISSING_OR_FORBIDDEN:
            raise RemoteFileNotFound(remote.said(reply))
        if self._offset and reply.code in (451, 501, 502, 503, 504):
            raise RestartRefused(remote.said(reply))
        raise ftp_errors.explain(remote, reply, self._doing)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._connection.resumes_session = None
            self._data.reset()
            if not self._command.answered:
                asyncio.get_running_loop().call_later(GRACE, self._give_up)
        self._data.close()

    def _give_up(self) -> None:
        """Some servers never say a word about a transfer that was reset."""
        if not self._command.answered:
            self._connection.drop()
