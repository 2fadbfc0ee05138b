"""Gathers the packets of SSH, so that those of one moment are one call of the system.

asyncssh hands each packet to the system by itself, and each wakes the server. What asyncssh calls
a tunnel is whatever makes its connections, so that is where this comes in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncssh

#: Bytes that do not wait for more.
ENOUGH = 256 * 1024


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
    """Makes TCP connections whose packets are gathered, for the ``tunnel`` of asyncssh."""

    async def create_connection(
        self, factory: Callable[[], asyncssh.SSHClientConnection], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncssh.SSHClientConnection]:
        """Connect to ``port`` of ``host``. Raises ``OSError``."""

        def made() -> asyncssh.SSHClientConnection:
            connection = factory()
            start = connection.connection_made

            def started(transport: asyncio.Transport) -> None:
                start(GatheringTransport(transport))  # type: ignore[arg-type]

            connection.connection_made = started  # type: ignore[assignment,method-assign]
            return connection

        return await asyncio.get_running_loop().create_connection(made, host, port)
