"""asyncssh's AES-GCM (RFC 5647), set up once for all packets between two exchanges of keys.

asyncssh sets the cipher up for each packet anew. Here its keys and counters are used, which stay
asyncssh's own, so that it can go on at any moment.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Bytes of a block, and of the tag behind a packet.
BLOCK, TAG = 16, 16
_LENGTH = struct.Struct(">I")
_INSIDES = ("_iv", "_key", "_update_iv")


class Cipher:
    """One direction of a connection."""

    def __init__(self) -> None:
        self._theirs: Any = None
        self._gcm: Any = None
        self._aes: AESGCM | None = None

    def fits(self, theirs: Any) -> bool:
        """Whether ``theirs``, the cipher that asyncssh has now, is one that we can be."""
        if theirs is not self._theirs:
            self._theirs, self._gcm = theirs, getattr(theirs, "_cipher", None)
            known = type(self._gcm).__name__ == "GCMCipher"
            known = known and all(hasattr(self._gcm, name) for name in _INSIDES)
            known = known and hasattr(AESGCM, "encrypt_into")
            self._aes = AESGCM(self._gcm._key) if known else None
        return self._aes is not None

    def encrypted(self, contents: Sequence[bytes]) -> bytearray:
        """Whole packets, one behind the other: the length in the clear, the content, the tag."""
        assert self._aes is not None
        packets = bytearray(sum(map(len, contents)) + (4 + TAG) * len(contents))
        view, at = memoryview(packets), 0
        for content in contents:
            length, end = _LENGTH.pack(len(content)), at + 4 + len(content) + TAG
            view[at : at + 4] = length
            self._aes.encrypt_into(self._gcm._iv, content, length, view[at + 4 : end])
            self._gcm._update_iv()
            at = end
        return packets

    def opened(self, length: memoryview, rest: memoryview) -> bytes:
        """The content of the next packet, whose counter stays; see :meth:`go_on`.

        Raises ``cryptography.exceptions.InvalidTag``.
        """
        assert self._aes is not None
        return self._aes.decrypt(self._gcm._iv, rest, length)

    def go_on(self) -> None:
        """The packet that was opened is done."""
        self._gcm._update_iv()
