"""The HMAC signature of a request, and the digest that it covers."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signature(secret: str, timestamp: int, method: str, target: str, sha256: str) -> str:
    """The value of the signature header: ``sha256=`` and 64 hexadecimal digits.

    HMAC-SHA256 (RFC 2104) over four lines joined by line feeds, none at the end: timestamp,
    method, target, digest.

    Args:
        secret: the key; its UTF-8 bytes are used.
        timestamp: seconds since 1970 (UTC), as the timestamp header says it.
        method: such as ``PUT``.
        target: path and query as they stand in the request line, percent-encoded.
        sha256: lower-case hexadecimal digest of the body's bytes.
    """
    text = f"{timestamp}\n{method}\n{target}\n{sha256}"
    return f"sha256={hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def content_digest(sha256: str) -> str:
    """The value of ``Content-Digest`` (RFC 9530, section 2) for a hexadecimal digest."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def digest_said(value: str) -> str:
    """The SHA-256 that a ``Repr-Digest`` header tells, hexadecimal; empty if it tells none."""
    for member in value.split(","):
        name, _, encoded = member.strip().partition("=")
        if name == "sha-256" and len(encoded) > 2 and encoded[0] == encoded[-1] == ":":
            try:
                return base64.b64decode(encoded[1:-1], validate=True).hex()
            except ValueError:
                return ""
    return ""
