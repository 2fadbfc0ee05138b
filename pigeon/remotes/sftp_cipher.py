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
#: The counter begins anew behind it.
_LAST = 0xFFFFFFFFFFFFFFFF
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
        view, at, encrypt = memoryview(packets), 0, self._aes.encrypt_into
        fixed, counter = self._gcm._iv[:4], int.from_bytes(self._gcm._iv[4:], "big")
        for content in contents:
            length, start = _LENGTH.pack(len(content)), at + 4
            view[at:start] = length
            at = start + len(content) + TAG
            encrypt(fixed + counter.to_bytes(8, "big"), content, length, view[start:at])
            counter = (counter + 1) & _LAST
        self._gcm._iv = fixed + counter.to_bytes(8, "big")
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
