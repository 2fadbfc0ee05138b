"""TLS over bytes that somebody else moves.

``loop.start_tls`` and ``asyncio.open_connection`` take no session, and without the control
connection's session vsftpd and ProFTPD refuse data connections. ``SSLContext.wrap_bio`` is the
public call that takes one. TLS 1.3 sends its tickets after the handshake: ask a control
connection for its session as late as possible.
"""

from __future__ import annotations

import ssl
from contextlib import suppress

from pigeon.remotes import tls

_READ = 256 * 1024
#: RFC 8446, section 4.1.3: the "random" of a server that wants another hello.
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
#: Section 4.2.8: it names the group of its key exchange in an extension of two bytes.
_KEY_SHARE = bytes.fromhex("00330002")
#: Section 4.2.7, and what OpenSSL calls them.
_GROUPS = {b"\0\x17": "prime256v1", b"\0\x18": "secp384r1", b"\0\x19": "secp521r1"}


def group_wanted(received: bytes) -> str:
    """The key exchange that a server asks for which does not take our first offer.

    Args:
        received: what it sent first; nothing of that is encrypted yet.

    Returns:
        OpenSSL's name for it; empty if it took our offer, or if it cannot be told.
    """
    _, _, rest = received.partition(_RETRY)
    extensions = rest[1 + rest[0] + 5 :] if rest else b""  # behind session, cipher, two lengths
    _, _, group = extensions[:64].partition(_KEY_SHARE)
    return _GROUPS.get(group[:2], "")


class Secured:
    """One end of a TLS connection.

    Args:
        context: from :func:`pigeon.remotes.tls.make_context`.
        hostname: whom the server's certificate must name; a host name or an address.
        session: of another connection to the same server, to be resumed.

    Attributes:
        ended: the other side has said that it ends; without that, its end may be a cut.
        group: the key exchange that it asked for instead of what we had offered; else empty.
    """

    def __init__(
        self, context: ssl.SSLContext, hostname: str, session: ssl.SSLSession | None = None
    ) -> None:
        self.ended = False
        self.group = ""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = hostname.partition("%")[0]  # no certificate names an IPv6 zone
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=name, session=session
        )

    def shake(self, received: bytes = b"") -> bool:
        """Go on with the handshake; whether it is done. Raises ``ssl.SSLError``."""
        self._incoming.write(received)
        self.group = self.group or group_wanted(received)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def to_send(self) -> bytes:
        """Encrypted bytes that have to go out; empty if there are none."""
        return self._outgoing.read()

    def encrypted(self, data: bytes | memoryview) -> bytes:
        """``data`` as it goes out, with whatever else has to."""
        left = memoryview(data)
        while left:  # it takes a record of 16 KB at a time
            left = left[self._tls.write(left) :]
        return self._outgoing.read()

    def decrypted(self, received: bytes) -> bytes:
        """What ``received`` completes. Raises ``ssl.SSLError``."""
        self._incoming.write(received)
        blocks = []
        try:
            while self._incoming.pending or self._tls.pending():
                if not (block := self._tls.read(_READ)):
                    self.ended = True
                    break
                blocks.append(block)
        except ssl.SSLWantReadError:
            pass
        return b"".join(blocks)

    def goodbye(self) -> bytes:
        """Bytes that end our side, so that the server can tell the end from a cut."""
        with suppress(ssl.SSLError):  # the other side's end has not come; nobody waits for it
            self._tls.unwrap()
        return self._outgoing.read()

    @property
    def session(self) -> ssl.SSLSession | None:
        """To be resumed on another connection."""
        return self._tls.session

    @property
    def resumed(self) -> bool:
        """Whether the session of another connection was resumed."""
        return bool(self._tls.session_reused)

    def facts(self) -> dict[str, str]:
        """For the doctor: ``protocol``, ``cipher``, and ``certificate`` if it was verified."""
        return tls.facts(self._tls)
