"""One FTP control connection and the data connections that belong to it.

The parsing of replies and listings is aioftp's. The dialogue is our own: its uploads and
commands spend their time in stream wrappers.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aioftp

from pigeon.exceptions import DestinationMisconfigured, TransientError, Unreachable
from pigeon.remotes import ftp_errors
from pigeon.remotes.base import Remote
from pigeon.remotes.ftp_replies import Parser, Reply
from pigeon.remotes.watchdog import Watchdog, unacknowledged

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FTPConnection:
    """A logged-in control connection.

    A dialogue that is left in the middle (an error, a time-out, a cancellation) drops the
    connection: the next reply would be taken for that of another command.

    Args:
        remote: whose destination is meant; also names the server in errors.

    Attributes:
        features: upper-case names that the server's FEAT lists.
        parser: parses listings.
    """

    def __init__(self, remote: Remote) -> None:
        self.features: frozenset[str] = frozenset()
        self.parser = Parser(connection_timeout=remote.timeout)
        self._remote = remote
        self._broken = True
        self._extended = True
        self._control: asyncio.StreamWriter | None = None
        self._data: asyncio.StreamWriter | None = None

    @property
    def broken(self) -> bool:
        """True when the connection is gone."""
        return self._broken

    async def open(self) -> None:
        """Connect and log in; then binary type, once, and UTF-8 names.

        Raises:
            Unreachable: no connection, or no answer in time.
            AuthenticationError: the login was refused.
            DestinationMisconfigured: the server wants something that Pigeon cannot give.
        """
        password = await self._remote.password()
        try:
            async with asyncio.timeout(self._remote.timeout):
                await self._connect()
                await self._login(password)
        except TimeoutError as error:
            self.drop()
            raise Unreachable(
                f"{self._remote.where} did not answer within {self._remote.timeout:g} seconds "
                "while Pigeon connected and logged in. Is the server up, and does a firewall "
                "let us through?"
            ) from error
        except (OSError, TransientError) as error:
            self.drop()
            raise self._unreachable(error) from error
        except BaseException:
            self.drop()
            raise

    def _unreachable(self, error: Exception) -> Unreachable:
        if isinstance(error, Unreachable):
            return error
        if isinstance(error, socket.gaierror):
            return Unreachable(
                f"The host name '{self._remote.destination.host}' cannot be resolved: "
                f"{self._remote.said(error)}. Check the URL and the name servers."
            )
        return Unreachable(
            f"{self._remote.where} cannot be reached: {self._remote.said(error)}. Is the server "
            "up, is the port right, and does a firewall let us through?"
        )

    async def _connect(self) -> None:
        await aioftp.BaseClient.connect(
            self.parser, self._remote.destination.host, self._remote.port
        )
        self._broken, self._control = False, self.parser.stream.writer
        self._watchdog = Watchdog(self._remote.timeout, self.drop, self._unsent)

    async def _login(self, password: str) -> None:
        user = self._remote.destination.username or "anonymous"
        reply = await self.reply("greet us")
        if reply.good:
            reply = await self.ask(f"USER {user}", "log in")
        if reply.code == 331:
            reply = await self.ask(f"PASS {password}", "log in")
        if not reply.good:
            raise ftp_errors.explain_login(self._remote, reply, user)
        await self._settle()

    async def _settle(self) -> None:
        reply = await self.ask("FEAT", "log in")
        if reply.good:
            self.features = frozenset(
                line.split()[0].upper() for line in reply.lines if line.split()
            )
        if "UTF8" in self.features:
            await self.ask("OPTS UTF8 ON", "log in")  # a refusal means that it is on anyway
        await self.demand("TYPE I", "switch to binary transfers")

    async def close(self) -> None:
        """Say good-bye without waiting for an answer, and disconnect."""
        if not self._broken:
            self.parser.stream.writer.write(b"QUIT\r\n")
            self._broken = True
            self.parser.stream.writer.close()
            self._watchdog.stop()
            await asyncio.sleep(0)

    def drop(self) -> None:
        """Cut the connection; everything that waits for it fails."""
        self._broken = True
        for writer in (self._data, self._control):
            if writer is not None:
                writer.transport.abort()
        if hasattr(self, "_watchdog"):
            self._watchdog.stop()

    def send(self, command: str) -> None:
        """Send one command; its reply has to be read with :meth:`reply`, in order.

        Raises:
            ValueError: ``command`` holds a line break, which would start another command.
        """
        if any(character in command for character in "\r\n\0"):
            raise ValueError("A path must not hold a line break or a NUL.")
        self.parser.stream.writer.write(f"{command}\r\n".encode("utf-8", "surrogateescape"))

    async def reply(self, doing: str, *, final: bool = True) -> Reply:
        """The next reply; with ``final`` preliminary ones (1xx) are passed over.

        Raises:
            TransientError: the connection ended, or nothing came in time.
        """
        try:
            with self._watchdog:
                while True:
                    code, lines = await self.parser.parse_response()
                    if not (final and code.startswith("1")):
                        return Reply(int(code), tuple(lines))
        except (OSError, ValueError, aioftp.AIOFTPException) as error:
            raise self.lost(error, doing) from error
        except BaseException:
            self.drop()
            raise

    async def ask(self, command: str, doing: str) -> Reply:
        """Send ``command``; its final reply, good or bad."""
        self.send(command)
        return await self.reply(doing)

    async def demand(self, command: str, doing: str) -> Reply:
        """Send ``command``; its reply, which must be good. Raises a ``DeliveryError`` else."""
        reply = await self.ask(command, doing)
        if not reply.good:
            raise ftp_errors.explain(self._remote, reply, doing)
        return reply

    def lost(self, error: Exception, doing: str) -> TransientError:
        """Drop the connection; the error to raise for it."""
        stopped, where = self._watchdog.fired, self._remote.where
        self.drop()
        if stopped:
            return TransientError(
                f"{where} stopped answering for {self._remote.timeout:g} seconds while Pigeon "
                f"tried to {doing}. The connection was closed."
            )
        return TransientError(
            f"The connection to {where} dropped while Pigeon tried to {doing}: "
            f"{self._remote.said(error)}."
        )

    @asynccontextmanager
    async def data(self, doing: str) -> AsyncGenerator[Streams, None]:
        """A data connection, open before the command that uses it; aborted at the end.

        The address in the server's answer is ignored, whatever it is: data goes to the host
        of the control connection.
        """
        port = await self._passive_port(doing)
        host = self.parser.stream.writer.get_extra_info("peername")[0]
        try:
            async with asyncio.timeout(self._remote.timeout):
                reader, writer = await asyncio.open_connection(host, port)
        except OSError as error:  # TimeoutError is one
            raise TransientError(
                f"{self._remote.where} offered port {port} for data to {doing}, but it cannot be "
                f"reached: {self._remote.said(error) if str(error) else 'no answer in time'}. "
                "The partner's firewall must allow its passive ports."
            ) from error
        self._data = writer
        try:
            yield reader, writer
        finally:
            self._data = None
            writer.transport.abort()

    async def _passive_port(self, doing: str) -> int:
        if self._extended:
            reply = await self.ask("EPSV", doing)
            if reply.code == 229:
                return self._port(reply, doing)
            if reply.code < 500:
                raise ftp_errors.explain(self._remote, reply, f"open a data port to {doing}")
            self._extended = False
        return self._port(await self.demand("PASV", f"open a data port to {doing}"), doing)

    def _port(self, reply: Reply, doing: str) -> int:
        parse = self.parser.parse_epsv_response if reply.code == 229 else None
        try:
            text = reply.lines[-1]
            return parse(text)[1] if parse else self.parser.parse_pasv_response(text)[1]
        except (ValueError, IndexError) as error:
            raise DestinationMisconfigured(
                f"{self._remote.where} answered the request for a data port with nonsense: "
                f"{self._remote.said(reply)}. Ask the partner to mend the server."
            ) from error

    def _unsent(self) -> int:
        """Bytes of the data connection that the server has not acknowledged."""
        if self._data is None:
            return 0
        waiting: int = self._data.transport.get_write_buffer_size()
        return waiting + unacknowledged(self._data.get_extra_info("socket"))

    async def drain(self, writer: asyncio.StreamWriter) -> None:
        """Wait until the other side takes more."""
        with self._watchdog:
            await writer.drain()

    async def read(self, reader: asyncio.StreamReader, size: int) -> bytes:
        """Up to ``size`` bytes of a data connection; empty at its end."""
        with self._watchdog:
            return await reader.read(size)
