"""What a channel says becomes packets of SSH, with a third of the copies that asyncssh makes.

asyncssh makes eight to ten copies of everything on its way out, and sends an empty packet before
each. For AES-GCM, which every current server has, this
module does the last steps itself: cut into packets, encrypt, hand over. It takes part only while
asyncssh would do just that; in all other cases, such as when keys are exchanged anew, asyncssh
does it. Should asyncssh change inside, it does everything again, and a test says so.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections import deque
from typing import Any

import asyncssh
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_IGNORE

from pigeon.remotes.sftp_cipher import BLOCK, Cipher

#: Bytes that do not wait for the end of a turn of the loop.
ENOUGH = 256 * 1024
#: Packets that are handed over as one piece.
PACKETS_AT_ONCE = 8
#: Beginnings of the names of ciphers with built-in authentication.
_UNCHAINED = ("aes128-gcm", "aes256-gcm", "chacha20-poly1305")
_START = struct.Struct(">BBII")
_NUMBERS = struct.Struct(">II")
#: What is used of asyncssh's insides.
_OF_CHANNEL = (
    "_flush_send_buf", "_send_buf", "_send_chan", "_send_pktsize", "_send_state", "_send_window",
)  # fmt: skip
_OF_CONNECTION = (
    "_auth_complete", "_compressor", "_kex_complete", "_rekey_bytes", "_rekey_bytes_sent",
    "_rekey_seconds", "_rekey_time", "_send_encryption", "_send_seq", "_transport",
)  # fmt: skip


class Packets:
    """Takes what a channel has to say; all of one turn of the loop travels together.

    Args:
        connection: logged in.
        channel: open.

    Attributes:
        direct: whether this module can take part.
    """

    def __init__(
        self, connection: asyncssh.SSHClientConnection, channel: asyncssh.SSHClientChannel[bytes]
    ) -> None:
        self._connection: Any = connection
        self._channel: Any = channel
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes | memoryview] = []
        self._length = 0
        self._cipher = Cipher()
        self.direct = all(hasattr(channel, name) for name in _OF_CHANNEL) and all(
            hasattr(connection, name) for name in _OF_CONNECTION
        )
        if self.direct:
            self._pieces: deque[memoryview] = deque()
            self._flush_theirs = channel._flush_send_buf
            channel._flush_send_buf = self._flush  # type: ignore[method-assign]
        leave_out_empty_packets(connection)

    def write(self, *pieces: bytes | memoryview) -> None:
        """Send ``pieces``, one behind the other, with all else of this turn."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting += pieces
        self._length += sum(map(len, pieces))
        if self._length >= ENOUGH:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        waiting, self._waiting, self._length = self._waiting, [], 0
        if not waiting or self._channel.is_closing():
            return
        if self.direct:
            self._pieces.extend(map(memoryview, waiting))
            self._flush()
        else:
            self._channel.write(b"".join(waiting))

    def drop(self) -> None:
        """Nothing more can be sent, and what waits need not be kept."""
        self._waiting, self._length = [], 0
        if self.direct:
            self._pieces.clear()
            del self._channel._flush_send_buf  # ours; the channel's own comes up again
            self.direct = False

    def _flush(self) -> None:
        """Send as much as the server takes now; it says when it takes more."""
        connection, channel = self._connection, self._channel
        while self._goes_on():
            if self._cipher.fits(connection._send_encryption) and _in_order(connection):
                self._send_several()
            else:
                data = self._next()
                start = _NUMBERS.pack(channel._send_chan, sum(map(len, data)))
                connection.send_packet(MSG_CHANNEL_DATA, b"".join((start, *data)))
        if not self._pieces or channel._send_state != "open":
            self._flush_theirs()

    def _goes_on(self) -> bool:
        channel = self._channel
        room = min(channel._send_window, channel._send_pktsize)
        return bool(self._pieces and room > 0 and channel._send_state == "open")

    def _send_several(self) -> None:
        """Send some packets as one piece: calls of the system cost more than packets."""
        connection, noise = self._connection, os.urandom(2 * BLOCK)
        contents: list[bytes] = []
        while self._goes_on() and len(contents) < PACKETS_AT_ONCE:
            contents.append(self._content(noise))
        connection._transport.write(self._cipher.encrypted(contents))
        connection._send_seq = (connection._send_seq + len(contents)) & 0xFFFFFFFF
        connection._rekey_bytes_sent += sum(map(len, contents))

    def _content(self, noise: bytes) -> bytes:
        """What the next packet holds, before it is encrypted (RFC 4253, section 6)."""
        data = self._next()
        length = sum(map(len, data))
        padding = -(1 + 9 + length) % BLOCK
        padding += BLOCK if padding < 4 else 0
        start = _START.pack(padding, MSG_CHANNEL_DATA, self._channel._send_chan, length)
        return b"".join((start, *data, noise[:padding]))

    def _next(self) -> list[memoryview]:
        """The next pieces, as many bytes as the server takes in one packet now."""
        channel, pieces, found = self._channel, self._pieces, []
        length = room = min(channel._send_window, channel._send_pktsize)
        while pieces and room:
            piece = pieces.popleft()
            if len(piece) > room:
                pieces.appendleft(piece[room:])
                piece = piece[:room]
            found.append(piece)
            room -= len(piece)
        channel._send_window -= length - room
        return found


def _in_order(connection: Any) -> bool:
    """Whether asyncssh would send a packet as it is, and now."""
    return bool(
        connection._auth_complete
        and connection._kex_complete
        and not connection._compressor
        and connection._transport
        and connection._rekey_bytes_sent < connection._rekey_bytes
        and not (connection._rekey_seconds and time.monotonic() >= connection._rekey_time)
    )


def leave_out_empty_packets(connection: asyncssh.SSHClientConnection) -> None:
    """Half of all packets, where they are of no use.

    asyncssh sends an empty one before each, against an attack on CBC ciphers (RFC 4251, 9.3.1).
    Ciphers with built-in authentication have no such weakness; OpenSSH sends none, either.
    """
    if not str(connection.get_extra_info("send_cipher")).startswith(_UNCHAINED):
        return
    send: Any = connection.send_packet

    def send_packet(kind: int, *arguments: Any, **options: Any) -> None:
        if kind != MSG_IGNORE:
            send(kind, *arguments, **options)

    connection.send_packet = send_packet  # type: ignore[assignment,method-assign]
