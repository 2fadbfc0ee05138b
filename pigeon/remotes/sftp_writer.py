"""Gathers SFTP requests, so that those of one moment travel together.

asyncssh encrypts and sends every request by itself, which costs more than the request. With
many files in flight, most requests of one turn of the loop fit into one packet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh


class GatheringWriter:
    """Takes the place of a channel's writer; what it does not know, the writer does.

    Args:
        writer: of the channel.
    """

    def __init__(self, writer: asyncssh.SSHWriter[bytes]) -> None:
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send ``data`` together with all that is written before the loop's next turn."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Send what waits, then close the channel."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting and not self._writer.channel.is_closing():
            self._writer.write(b"".join(waiting))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


async def start_gathering_client(
    connection: asyncssh.SSHClientConnection,
) -> asyncssh.SFTPClient:
    """``connection.start_sftp_client()``, with its requests gathered."""
    open_session: Callable[..., Awaitable[Any]] = connection.open_session

    async def gathered(*arguments: Any, **options: Any) -> Any:
        writer, *readers = await open_session(*arguments, **options)
        return GatheringWriter(writer), *readers

    connection.open_session = gathered  # type: ignore[method-assign]
    try:
        return await connection.start_sftp_client()
    finally:
        del connection.open_session
