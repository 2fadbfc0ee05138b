"""Data connections: a socket for one transfer, plain or in TLS.

Plain sockets and the loop's ``sock_*`` calls, because most transfers are one small block: a
transport and a protocol for each would cost more than the transfer.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from contextlib import suppress
from typing import Any

from pigeon.remotes.ftp_tls import Secured
from pigeon.remotes.watchdog import unacknowledged

#: Bytes that are given to the system, or taken from it, at once.
PIECE = 128 * 1024
#: "Send a reset when closed": a server must not take what is there for the whole file.
_RESET = struct.pack("ii", 1, 0)
#: A socket that is born non-blocking, where the system has that, saves a call.
_STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EALREADY})


class DataConnection:
    """One data connection.

    Args:
        family: of ``address``.
        address: the server's, with the port that it offered.
        ours: the TLS to use; ``None`` for plain.

    Attributes:
        left: bytes of the present block that the system has not taken yet.
        cut: the server broke it off, or stopped taking.
        ragged: the server's bytes ended without TLS's word that this is the end.
    """

    def __init__(self, family: int, address: tuple[Any, ...], ours: Secured | None) -> None:
        self.left = 0
        self.cut = self.ragged = False
        self._loop = asyncio.get_running_loop()
        self._address, self._secured = address, ours
        self._socket = socket.socket(family, _STREAM)
        if _STREAM == socket.SOCK_STREAM:
            self._socket.setblocking(False)
        if ours is not None:  # a handshake goes to and fro; in plain all goes one way
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def unsent(self) -> int:
        """Bytes that the server has not acknowledged."""
        return self.left + unacknowledged(self._socket)

    @property
    def resumed(self) -> bool | None:
        """Whether the control connection's TLS session was resumed; ``None`` if plain."""
        return None if self._secured is None else self._secured.resumed

    def try_connect(self) -> bool:
        """Begin to connect; whether that was all: on a short line it is done at once.

        Raises ``OSError``.
        """
        code = self._socket.connect_ex(self._address)
        if code and code not in _UNDER_WAY:
            raise OSError(code, os.strerror(code))
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return self._secured is None

    async def connect(self) -> None:
        """Wait until it is connected, and begin TLS if there is any. Raises ``OSError``."""
        try:
            self._socket.getpeername()
        except OSError:
            await self._loop.sock_connect(self._socket, self._address)
        await self._shake_hands()

    async def _shake_hands(self) -> None:
        if self._secured is None:
            return
        done = self._secured.shake()
        while not done:
            await self._push(self._secured.to_send())
            if not (received := await self._loop.sock_recv(self._socket, PIECE)):
                raise ConnectionResetError("the server closed the data connection")
            done = self._secured.shake(received)
        # What is left to send goes with the first block.

    def send_at_once(self, block: bytes) -> bytes | None:
        """Send the only block as far as the system takes it now; after all of it end our side.

        Returns:
            What is left, for :meth:`send`; ``None`` if our side is ended.

        Raises:
            OSError: the server takes no more.
        """
        if self._secured is not None:
            return block
        try:
            sent = self._socket.send(block)
            if sent < len(block):
                return block[sent:]
            self._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return block
        except OSError:
            self.cut = True
            raise
        return None

    async def send(self, block: bytes | memoryview, *, last: bool = False) -> None:
        """Send ``block``; after the ``last`` one our side is ended.

        Raises:
            OSError: the server takes no more.
        """
        try:
            if self._secured is None:
                await self._push(block)
            else:
                await self._push_secured(self._secured, memoryview(block), last=last)
            if last:
                # Not closed: with something of the server's unread that would be a reset.
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.cut = True
            raise

    async def _push_secured(self, secured: Secured, block: memoryview, *, last: bool) -> None:
        while len(block) > PIECE:  # what is encrypted at once still is in the processor's cache
            await self._push(secured.encrypted(block[:PIECE]))
            block = block[PIECE:]
        data = secured.encrypted(block)
        await self._push(data + secured.goodbye() if last else data)

    async def _push(self, block: bytes | memoryview) -> None:
        left = memoryview(block)
        while left:
            self.left = len(left)
            try:
                sent = self._socket.send(left)
            except BlockingIOError:
                piece = left[:PIECE]
                await self._loop.sock_sendall(self._socket, piece)  # it waits until there is room
                sent = len(piece)
            left = left[sent:]
        self.left = 0

    async def receive(self) -> bytes:
        """The next bytes; empty at the end. Raises ``OSError``."""
        try:
            if self._secured is None:
                return await self._loop.sock_recv(self._socket, PIECE)
            return await self._receive_secured(self._secured)
        except OSError:
            self.cut = True
            raise

    async def _receive_secured(self, secured: Secured) -> bytes:
        await self._push(secured.to_send())  # the end of the handshake
        # Not until the end of TCP: vsftpd waits for our word before it closes.
        while not secured.ended and (received := await self._loop.sock_recv(self._socket, PIECE)):
            if block := secured.decrypted(received):
                return block
        self.ragged = not secured.ended
        with suppress(OSError):
            self._socket.send(secured.goodbye())
        return b""

    def wake(self) -> None:
        """End both directions, so that whoever waits for this connection goes on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close so that the server can tell it from the end of a file."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        """Close; a second time is harmless."""
        self._socket.close()
