"""From a TCP connection to a logged-in one; no password leaves before TLS is up."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Literal

from pigeon.exceptions import DeliveryError, DestinationMisconfigured, Unreachable
from pigeon.remotes import ftp_errors, tls
from pigeon.remotes.ftp_connection import FTPConnection
from pigeon.remotes.ftp_replies import NotFTP, Reply

#: When TLS begins: never; before the first byte; by AUTH TLS (RFC 4217).
Security = Literal["plain", "implicit", "explicit"]


async def log_in(connection: FTPConnection, security: Security) -> None:
    """Connect and log in; then binary type, once, UTF-8 names and private data connections.

    Raises:
        Unreachable: no connection, or no answer in time.
        AuthenticationError: the login was refused, or the server's certificate is not right.
        DestinationMisconfigured: the server wants something that Pigeon cannot give, or does
            not do what the destination demands.
    """
    remote = connection.remote
    password = await remote.password()
    if security != "plain":
        connection.context = await asyncio.to_thread(tls.make_context, remote.destination)
    try:
        async with asyncio.timeout(remote.timeout):
            await connection.connect(implicit=security == "implicit")
            await _Login(connection, security).run(password)
    except TimeoutError as error:
        connection.drop()
        raise Unreachable(
            f"{remote.where} did not answer within {remote.timeout:g} seconds while Pigeon "
            "connected and logged in. Is the server up, does a firewall let us through, and is "
            "it the protocol that the URL says?"
        ) from error
    except (OSError, NotFTP) as error:
        connection.drop()
        raise _explained(connection, error) from error
    except BaseException:
        connection.drop()
        raise


def _explained(connection: FTPConnection, error: Exception) -> DeliveryError:
    remote = connection.remote
    if isinstance(error, ssl.SSLError):
        return ftp_errors.explain_tls(remote, error)
    if isinstance(error, NotFTP):
        return DestinationMisconfigured(
            f"{remote.where} answers, but not as an FTP server: {remote.said(error)}. Check "
            "scheme and port of the URL; a server with implicit TLS needs ftps://."
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"The host name '{remote.destination.host}' cannot be resolved: "
            f"{remote.said(error)}. Check the URL and the name servers."
        )
    return Unreachable(
        f"{remote.where} cannot be reached: {remote.said(error)}. Is the server "
        "up, is the port right, and does a firewall let us through?"
    )


class _Login:
    """The first dialogue; errors come as they are, as there is no session to lose yet."""

    def __init__(self, connection: FTPConnection, security: Security) -> None:
        self._connection, self._security = connection, security
        self._remote = connection.remote
        self._control = connection.control

    async def run(self, password: str) -> None:
        user = self._remote.destination.username or "anonymous"
        reply = await self._control.greeting.answer
        self._connection.banner = " ".join(reply.lines)
        self._connection.in_order = "vsftpd" in self._connection.banner.lower()
        if reply.good:
            if self._security == "explicit":
                await self._auth_tls()
            reply = await self._ask(f"USER {user}")
        if reply.code == 331:
            reply = await self._ask(f"PASS {password}")
        if not reply.good:
            raise ftp_errors.explain_login(self._remote, reply, user)
        await self._settle()

    async def _ask(self, line: str) -> Reply:
        return await self._control.queue(line).answer

    async def _auth_tls(self) -> None:
        reply = await self._ask("AUTH TLS")
        if reply.code == 421:
            raise ftp_errors.explain_login(self._remote, reply, "")
        if reply.code != 234:
            raise DestinationMisconfigured(
                f"{self._remote.where} refuses TLS: {self._remote.said(reply)}. No login was "
                "sent. Ask the partner to allow AUTH TLS, or whether the server wants ftps:// "
                "(implicit TLS); ftp:// would send password and files in plain."
            )
        await self._connection.start_tls()

    async def _settle(self) -> None:
        """What is asked once, in one flight."""
        lines = ["FEAT", "TYPE I"]
        if self._security != "plain":
            lines += ["PBSZ 0", "PROT P"]
        flight = [self._control.queue(line) for line in lines]
        features, binary, *private = [await command.answer for command in flight]
        if not binary.good:
            raise ftp_errors.explain(self._remote, binary, "switch to binary transfers")
        if private and not private[-1].good:
            raise DestinationMisconfigured(
                f"{self._remote.where} refuses to encrypt data connections (PROT P): "
                f"{self._remote.said(private[-1])}. Nothing was sent. Ask the partner to allow "
                "it; ftp:// would send the files in plain."
            )
        if features.good:
            names = (line.split() for line in features.lines[1:-1])
            self._connection.features = frozenset(name[0].upper() for name in names if name)
        if "UTF8" in self._connection.features:
            await self._ask("OPTS UTF8 ON")  # a refusal means that it is on anyway
