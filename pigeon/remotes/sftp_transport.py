"""Gathers the packets of SSH, so that those of one moment are one call of the system.

asyncssh hands each packet to the system by itself, and each wakes the server. What asyncssh calls
a tunnel is whatever makes its connections, so that is where this comes in.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncssh

#: Bytes that do not wait for more.
ENOUGH = 256 * 1024
#: Linux's word for acknowledging at once what came; it forgets it again. Elsewhere there is none.
_QUICK = getattr(socket, "TCP_QUICKACK", None)


class GatheringTransport:
    """Takes the place of a socket's transport; what it does not know, the transport does.

    Args:
        transport: of the socket.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []
        self._length = 0

    def write(self, data: bytes) -> None:
        """Send ``data`` together with all that is written before the loop's next turn."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)
        self._length += len(data)
        if self._length >= ENOUGH:
            self._flush()

    def close(self) -> None:
        """Send what waits, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        waiting, self._waiting, self._length = self._waiting, [], 0
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting) if len(waiting) > 1 else waiting[0])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Sockets:
    """Makes TCP connections whose packets are gathered, for the ``tunnel`` of asyncssh.

    Until :meth:`settle`, what comes is acknowledged at once. OpenSSH tells of a login and of a new
    session in two small pieces, and its system keeps the second one back until the first is
    acknowledged (RFC 896). With nothing to say ourselves, ours would wait 40 ms with that (RFC
    1122, 4.2.3.2).
    """

    def __init__(self) -> None:
        self._connection: asyncssh.SSHClientConnection | None = None

    async def create_connection(
        self, factory: Callable[[], asyncssh.SSHClientConnection], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncssh.SSHClientConnection]:
        """Connect to ``port`` of ``host``. Raises ``OSError``."""

        def made() -> asyncssh.SSHClientConnection:
            self._connection = connection = factory()
            start = connection.connection_made

            def started(transport: asyncio.Transport) -> None:
                start(GatheringTransport(transport))  # type: ignore[arg-type]
                _acknowledge_at_once(connection, transport)

            connection.connection_made = started  # type: ignore[assignment,method-assign]
            return connection

        return await asyncio.get_running_loop().create_connection(made, host, port)

    def settle(self) -> None:
        """The login is over. From now on it would cost a call of the system and save nothing."""
        if self._connection is not None:
            vars(self._connection).pop("data_received", None)


def _acknowledge_at_once(
    connection: asyncssh.SSHClientConnection, transport: asyncio.Transport
) -> None:
    ours, take = transport.get_extra_info("socket"), connection.data_received
    if _QUICK is None or ours is None:
        return

    def received(data: bytes, datatype: int | None = None) -> None:
        with suppress(OSError):  # it only saves time
            ours.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
        take(data, datatype)

    connection.data_received = received  # type: ignore[method-assign]
