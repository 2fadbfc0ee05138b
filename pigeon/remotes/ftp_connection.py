"""One logged-in FTP connection: commands and answers, and the ports for data."""

from __future__ import annotations

import asyncio
import re
import ssl

from pigeon.exceptions import DestinationMisconfigured, TransientError
from pigeon.remotes import ftp_errors
from pigeon.remotes.base import Remote
from pigeon.remotes.ftp_control import Command, Control
from pigeon.remotes.ftp_data import DataConnection
from pigeon.remotes.ftp_replies import Reply
from pigeon.remotes.ftp_tls import Secured
from pigeon.remotes.watchdog import Watchdog

#: RFC 2428, section 3: "(|||port|)", with any delimiter.
_EPSV = re.compile(r"\((.)\1\1(\d{1,5})\1\)")
#: RFC 959, section 4.2: four numbers of an address, which are ignored, and two of a port.
_PASV = re.compile(r"\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})")


class FTPConnection:
    """A dialogue with the server, shared by all deliveries on this connection.

    Replies belong to commands by their order, so a command whose sender has stopped waiting
    spoils nothing.

    Args:
        remote: whose destination is meant; also names the server in errors.

    Attributes:
        context: how to do TLS; ``None`` for plain FTP.
        features: upper-case names that the server's FEAT lists.
        banner: the server's greeting.
        in_order: the server is known to read nothing while a transfer is under way, as vsftpd:
            what is sent behind a transfer is answered together with its last word, and saves a
            round trip. Servers that answer in the middle of a transfer would be put out of step.
        tells_size: whether it knows SIZE, as far as we have seen.
        resumes_session: whether the last data connection resumed the TLS session; ``None``:
            unknown.
    """

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.context: ssl.SSLContext | None = None
        self.features: frozenset[str] = frozenset()
        self.banner = ""
        self.in_order = False
        self.tells_size = True
        self.resumes_session: bool | None = None
        self.control: Control
        self.watchdog: Watchdog
        self._session: ssl.SSLSession | None = None
        self._broken = True
        self._extended = True
        self._turn = asyncio.Lock()
        self._next_port: Command | None = None
        self._data: DataConnection | None = None

    @property
    def broken(self) -> bool:
        """True when the connection is gone."""
        return self._broken

    async def connect(self, *, implicit: bool) -> None:
        """Open the control connection, with TLS from the first byte if that is implicit.

        Raises ``OSError``, of which ``ssl.SSLError`` is one.
        """
        host, port = self.remote.destination.host, self.remote.port
        # An earlier connection's port may be somebody else's by now, whose turn it was there is
        # of no concern here, and its TLS session is not to be resumed.
        self._next_port, self._turn = None, asyncio.Lock()
        self._session = self.resumes_session = None
        self.watchdog = Watchdog(self.remote.timeout, self.drop, self._unsent)
        secured = self.new_secured() if implicit else None
        _, self.control = await asyncio.get_running_loop().create_connection(
            lambda: Control(self._ended, secured), host, port
        )
        self._broken = False
        if secured is not None:
            await self._settle_tls(secured)

    async def start_tls(self) -> None:
        """Go on in TLS. Raises ``OSError``, of which ``ssl.SSLError`` is one, or ``NotFTP``."""
        secured = self.new_secured()
        self.control.start_tls(secured)
        await self._settle_tls(secured)

    async def _settle_tls(self, secured: Secured) -> None:
        """Data connections make the offer that the server wanted, and save a round trip."""
        await self.control.tls
        if secured.group and self.context is not None:
            self.context.set_ecdh_curve(secured.group)

    def new_secured(self, session: ssl.SSLSession | None = None) -> Secured:
        """TLS for one more connection to the server."""
        assert self.context
        return Secured(self.context, self.remote.destination.host, session)

    async def close(self) -> None:
        """Say good-bye without waiting for an answer, and disconnect."""
        if not self._broken:
            self.control.write_last(b"QUIT\r\n")
            self._ended()
            await asyncio.sleep(0)

    def drop(self) -> None:
        """Cut the connection; everything that waits for it fails."""
        self._ended()
        if hasattr(self, "control"):
            self.control.abort()

    def _ended(self) -> None:
        self._broken = True
        if self._data is not None:
            self._data.wake()
        if hasattr(self, "watchdog"):
            self.watchdog.stop()

    async def ask(self, line: str, doing: str) -> Reply:
        """Send a command; its final reply, good or bad. Raises ``TransientError``."""
        return await self.answer(self.control.queue(line), doing)

    async def demand(self, line: str, doing: str) -> Reply:
        """Send a command; its reply, which must be good. Raises a ``DeliveryError`` else."""
        reply = await self.ask(line, doing)
        if not reply.good:
            raise ftp_errors.explain(self.remote, reply, doing)
        return reply

    async def answer(self, command: Command, doing: str) -> Reply:
        """The final reply to ``command``.

        Raises:
            TransientError: the connection ended, or nothing came in time.
        """
        try:
            if command.answer.done():
                return command.answer.result()
            with self.watchdog:
                return await command.answer
        except (OSError, ValueError) as error:
            raise self.lost(error, doing) from error

    async def settled(self, command: Command) -> None:
        """Wait until ``command``, and so all before it, is answered, or never will be."""
        try:
            with self.watchdog:
                await command.answer
        except (OSError, ValueError):
            pass  # the one who asks for the answer gets it

    def lost(self, error: Exception, doing: str) -> TransientError:
        """Drop the connection; the error to raise for it."""
        stopped, where = self.watchdog.fired, self.remote.where
        self.drop()
        if stopped:
            return TransientError(
                f"{where} stopped answering for {self.remote.timeout:g} seconds while Pigeon "
                f"tried to {doing}. The connection was closed."
            )
        return TransientError(
            f"The connection to {where} dropped while Pigeon tried to {doing}: "
            f"{self.remote.said(error)}."
        )

    async def take_turn(self) -> asyncio.Lock:
        """Wait for the turn to ask for a data port and to send the command that uses it.

        To be passed on by :meth:`pass_turn` after that command, or released.
        """
        while True:
            turn = self._turn
            with self.watchdog:
                await turn.acquire()
            if turn is self._turn:
                return turn
            turn.release()  # it was that of an earlier connection

    def pass_turn(self, turn: asyncio.Lock) -> None:
        """Let the next have the turn; where that is safe, once the port for it is there."""
        if self.in_order:
            line = "EPSV" if self._extended else "PASV"
            then = lambda _: turn.release()  # noqa: E731
            self._next_port = self.control.queue(line, rides=True, then=then)
        else:
            turn.release()

    async def data_port(self, doing: str) -> int:
        """A port for one data connection.

        Raises:
            DestinationMisconfigured: the server's answer cannot be understood.
        """
        ahead, self._next_port = self._next_port, None
        if ahead is not None and (reply := await self.answer(ahead, doing)).good:
            return self._port(reply)
        if self._extended:
            reply = await self.ask("EPSV", doing)
            if reply.code == 229:
                return self._port(reply)
            if reply.code < 500:
                raise ftp_errors.explain(self.remote, reply, f"open a data port to {doing}")
            self._extended = False
        return self._port(await self.demand("PASV", f"open a data port to {doing}"))

    def _port(self, reply: Reply) -> int:
        text = reply.lines[-1]
        port = 0
        if reply.code == 229 and (match := _EPSV.search(text)):
            port = int(match[2])
        elif reply.code != 229 and (match := _PASV.search(text)):
            port = int(match[1]) * 256 + int(match[2])
        if not 0 < port < 65536:
            raise DestinationMisconfigured(
                f"{self.remote.where} answered the request for a data port with nonsense: "
                f"{self.remote.said(reply)}. Ask the partner to mend the server."
            )
        return port

    def new_data(self, port: int) -> DataConnection:
        """A data connection to ``port``, not yet connected.

        The address in the server's answer is ignored, whatever it is: data goes to the host
        of the control connection.
        """
        secured = None
        if self.control.secured is not None:
            if not self.resumes_session:  # asking for it copies it, which costs a good deal
                self._session = self.control.secured.session
            secured = self.new_secured(self._session)
        host, _, *rest = self.control.address
        self._data = DataConnection(self.control.family, (host, port, *rest), secured)
        return self._data

    def _unsent(self) -> int:
        return 0 if self._data is None else self._data.unsent

    def facts(self) -> dict[str, str]:
        """For the doctor: ``server``, ``features``, and those of TLS."""
        found = {"server": self.remote.said(self.banner)}
        found["features"] = " ".join(sorted(self.features)) or "none"
        if not self._broken and self.control.secured is not None:
            found |= self.control.secured.facts()
            if self.resumes_session is not None:
                found["session reuse"] = "yes" if self.resumes_session else "no"
        return found
