"""Gathers SFTP requests, so that those of one moment travel together, and reads answers so.

asyncssh encrypts and sends every request by itself, which costs more than the request. With
many files in flight, most requests of one turn of the loop fit into one packet. It also reads
every answer in two steps through its stream, and prepares the lines of a debugging log that
nobody keeps: together a fifth of what a small file costs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
from asyncssh.constants import MSG_IGNORE

#: Bytes that are taken from the channel in one go; answers to writes are short.
_PIECE = 256 * 1024
#: Beginnings of the names of ciphers with built-in authentication.
_UNCHAINED = ("aes128-gcm", "aes256-gcm", "chacha20-poly1305")


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


class GatheringReader:
    """Takes the place of a channel's reader; what it does not know, the reader does.

    Args:
        reader: of the channel.
    """

    def __init__(self, reader: asyncssh.SSHReader[bytes]) -> None:
        self._reader = reader
        self._data, self._at = b"", 0
        self.logger = _logger_for(reader.logger)

    async def readexactly(self, number: int) -> bytes:
        """The next ``number`` bytes; raises ``IncompleteReadError`` if fewer come."""
        end = self._at + number
        if end > len(self._data):
            await self._fill(number)
            end = number
        found = self._data[self._at : end]
        self._at = end
        return found

    async def _fill(self, number: int) -> None:
        pieces, length = [self._data[self._at :]], len(self._data) - self._at
        self._data, self._at = b"", 0
        while length < number:
            piece = await self._reader.read(_PIECE)
            if not piece:
                raise asyncio.IncompleteReadError(b"".join(pieces), number)
            pieces.append(piece)
            length += len(piece)
        self._data = b"".join(pieces)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def _logger_for(logger: Any) -> Any:
    """``logger`` itself if somebody keeps what is for debugging."""
    return logger if logger.isEnabledFor(logging.DEBUG) else _QuietLogger(logger)


class _QuietLogger:
    """Says nothing that is for debugging; what it does not know, the logger does."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def debug1(self, *arguments: object, **options: object) -> None:
        """Nobody listens."""

    debug2 = packet = debug1

    def get_child(self, *arguments: Any, **options: Any) -> _QuietLogger:
        """As quiet."""
        return _QuietLogger(self._logger.get_child(*arguments, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)


async def start_gathering_client(
    connection: asyncssh.SSHClientConnection,
) -> asyncssh.SFTPClient:
    """``connection.start_sftp_client()``, with its requests gathered."""
    _leave_out_empty_packets(connection)
    open_session: Callable[..., Awaitable[Any]] = connection.open_session

    async def gathered(*arguments: Any, **options: Any) -> Any:
        writer, reader, errors = await open_session(*arguments, **options)
        return GatheringWriter(writer), GatheringReader(reader), errors

    connection.open_session = gathered  # type: ignore[method-assign]
    try:
        return await connection.start_sftp_client()
    finally:
        del connection.open_session


def _leave_out_empty_packets(connection: asyncssh.SSHClientConnection) -> None:
    """Half of all packets, where they are of no use.

    asyncssh sends an empty one before each, against an attack on CBC ciphers (RFC 4251, 9.3.1).
    Ciphers with built-in authentication have no such weakness; OpenSSH sends none, either.
    """
    if not str(connection.get_extra_info("send_cipher")).startswith(_UNCHAINED):
        return
    send: Callable[..., None] = connection.send_packet

    def send_packet(kind: int, *arguments: Any, **options: Any) -> None:
        if kind != MSG_IGNORE:
            send(kind, *arguments, **options)

    connection.send_packet = send_packet  # type: ignore[assignment,method-assign]
