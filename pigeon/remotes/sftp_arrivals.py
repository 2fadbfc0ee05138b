"""What a server says on a channel is taken from its packets with fewer steps than asyncssh's.

Answers are short and each is a packet of its own, for which asyncssh copies all that came, sets up
its cipher, asks four tables who is meant and prepares two lines of a log. This module opens the
packets of one channel itself. Whatever else comes is left where it is, for asyncssh to find.
"""

from __future__ import annotations

import struct
from typing import Any

import asyncssh
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_CHANNEL_WINDOW_ADJUST
from cryptography.exceptions import InvalidTag

from pigeon.remotes.sftp_cipher import TAG, Cipher

_LENGTH = struct.Struct(">I")
#: Bytes of padding, the kind, the channel, and bytes: of data, or that the server takes.
_START = struct.Struct(">BBII")
#: What is used of asyncssh's insides.
_OF_CHANNEL = (
    "_accept_data", "_flush_send_buf", "_recv_chan", "_recv_state", "_recv_window", "_send_window",
)  # fmt: skip
_OF_CONNECTION = (
    "_decompressor", "_inpbuf", "_kex_complete", "_max_recv_pktlen", "_recv_data",
    "_recv_encryption", "_recv_handler", "_recv_pkthdr", "_recv_seq", "_reset_keepalive_timer",
    "_transport",
)  # fmt: skip


class Arrivals:
    """Takes part in the reading of a connection, for one channel.

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
        self._cipher = Cipher()
        self._takes_more = False
        self.direct = all(hasattr(channel, name) for name in _OF_CHANNEL) and all(
            hasattr(connection, name) for name in _OF_CONNECTION
        )
        if self.direct:
            self._theirs = connection._recv_data
            connection._recv_data = self._receive  # type: ignore[method-assign]

    def _receive(self) -> None:
        connection = self._connection
        if not self._is_between_packets() or self._take():
            self._theirs()
        elif connection._transport:
            connection._reset_keepalive_timer()

    def _is_between_packets(self) -> bool:
        connection = self._connection
        return bool(
            connection._recv_handler == connection._recv_pkthdr
            and connection._kex_complete
            and not connection._decompressor
            and self._cipher.fits(connection._recv_encryption)
        )

    def _take(self) -> bool:
        """Take the channel's packets from what came; whether another one is next, and whole."""
        connection, at = self._connection, 0
        came = memoryview(connection._inpbuf)
        theirs = False
        while len(came) - at > 4 + TAG and connection._transport:
            (length,) = _LENGTH.unpack_from(came, at)
            end = at + 4 + length + TAG
            theirs = length > connection._max_recv_pktlen
            if theirs or end > len(came):
                break
            content = self._content(came[at : at + 4], came[at + 4 : end])
            theirs = content is None
            if content is None:
                break
            connection._recv_seq = (connection._recv_seq + 1) & 0xFFFFFFFF
            self._cipher.go_on()
            at = end
            self._deal(content)
        connection._inpbuf = bytes(came[at:])
        if self._takes_more:
            self._takes_more = False
            self._channel._flush_send_buf()
        return theirs

    def _content(self, length: memoryview, rest: memoryview) -> bytes | None:
        """What a packet for our channel holds; ``None``: it is another one, or broken."""
        try:
            content = self._cipher.opened(length, rest)
        except InvalidTag:
            return None
        channel = self._channel
        if len(content) < _START.size or channel._recv_state != "open":
            return None
        padding, kind, number, size = _START.unpack_from(content)
        if number != channel._recv_chan:
            return None
        if kind == MSG_CHANNEL_DATA:
            whole = 0 < padding == len(content) - _START.size - size
            return content if whole and size <= channel._recv_window else None
        whole = 0 < padding == len(content) - _START.size
        return content if kind == MSG_CHANNEL_WINDOW_ADJUST and whole else None

    def _deal(self, content: bytes) -> None:
        padding, kind, _, size = _START.unpack_from(content)
        if kind == MSG_CHANNEL_DATA:
            self._channel._accept_data(content[_START.size : -padding])
        else:  # the server takes more, by so many bytes
            self._channel._send_window += size
            self._takes_more = True
