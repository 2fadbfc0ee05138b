"""Why a server that was never heard to speak HTTP did not answer."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from pigeon.destinations import Destination
from pigeon.destinations.url import DEFAULT_PORTS
from pigeon.exceptions import DeliveryError, DestinationMisconfigured
from pigeon.senders.http.faults import tls_trouble
from pigeon.senders.http.text import one_line
from pigeon.senders.http.urls import where

#: Seconds for the server to say something, if the destination's time-out is not shorter.
PATIENCE = 5.0
#: Bytes of a greeting that are shown.
_SHOWN = 80


async def diagnosis(
    destination: Destination, tls: ssl.SSLContext | None, timeout: float
) -> DeliveryError | None:
    """What a server says on a connection on which we say nothing; ``None`` if that is nothing.

    An SSH, FTP or mail server greets, which no HTTP server does. And with TLS 1.3 a server
    refuses our certificate after the handshake, when a request is under way already; the system
    may then throw its alert away together with the unread request.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(min(timeout, PATIENCE)):
            port = destination.port or DEFAULT_PORTS[destination.scheme]
            reader, writer = await asyncio.open_connection(destination.host, port, ssl=tls)
            greeting = await reader.read(_SHOWN)
    except ssl.SSLError as error:
        return tls_trouble(where(destination), [error])
    except (OSError, TimeoutError):
        return None
    finally:
        if writer is not None:
            with suppress(OSError):
                writer.transport.abort()
    return _no_http(destination, greeting) if greeting else None


def _no_http(destination: Destination, greeting: bytes) -> DeliveryError:
    words = one_line(destination, greeting.decode("ascii", "replace"))
    return DestinationMisconfigured(
        f"{where(destination)} does not speak HTTP: it greets with '{words}'. Check scheme and "
        "port of the URL."
    )
