"""Why a server ended a TLS connection without a word."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from pigeon.destinations import Destination
from pigeon.destinations.url import DEFAULT_PORTS

#: Seconds for the server to say what it does not like.
PATIENCE = 5.0


async def refusal(destination: Destination, tls: ssl.SSLContext) -> ssl.SSLError | None:
    """The alert with which the server ends a connection on which we say nothing.

    With TLS 1.3 a server refuses our certificate after the handshake, when a request is under
    way already; the system then throws the alert away together with the unread request.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            port = destination.port or DEFAULT_PORTS[destination.scheme]
            reader, writer = await asyncio.open_connection(destination.host, port, ssl=tls)
            await reader.read(1)
    except ssl.SSLError as error:
        return error
    except (OSError, TimeoutError):
        return None
    finally:
        if writer is not None:
            with suppress(OSError):
                writer.transport.abort()
    return None
