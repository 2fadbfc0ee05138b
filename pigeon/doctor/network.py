"""The way to a partner's server: its addresses, and how far away they are."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress

from pigeon.destinations import Destination
from pigeon.destinations.url import DEFAULT_PORTS, bracketed
from pigeon.senders.capabilities import Capability

#: Seconds for finding the addresses, and for connecting to one of them.
TIMEOUT = 10.0
#: Seconds that a server gets to end a connection that we have ended.
GOODBYE = 1.0


def port_of(destination: Destination) -> int | None:
    """The port to connect to; ``None`` if ``destination`` is no server that we know of."""
    return destination.port or DEFAULT_PORTS.get(destination.scheme) if destination.host else None


async def resolve(host: str, port: int) -> tuple[Capability, list[str]]:
    """Ask the name servers for ``host``; what was found, and its addresses."""
    name = "resolve the host"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(TIMEOUT):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = f"{host}: {error or 'the name servers did not answer'}"
        ask = "Correct the host in the URL, or ask the partner for its name; or look at the "
        ask += "name servers of this machine."
        return Capability(name, "no", said, ask=ask, required=True), []
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    return Capability(name, "yes", ", ".join(addresses), required=True), addresses


async def connect(addresses: list[str], port: int) -> Capability:
    """Connect to each of ``addresses``, and measure how long it takes: one round trip."""
    tried = await asyncio.gather(*(_one(address, port) for address in addresses))
    detail = ", ".join(words for _, words in tried)
    failed = [ok for ok, _ in tried if not ok]
    ask = ""
    if len(failed) == len(tried):
        ask = "Ask the partner whether the server is up and listens on this port, and whether a "
        ask += "firewall lets our address through."
    elif failed:
        ask = "Ask the partner to let the other addresses answer too, or to take them out of the "
        ask += "name servers: each connection may have to wait for them."
    answer = "no" if len(failed) == len(tried) else "yes"
    return Capability("connect", answer, detail, ask=ask, required=True)  # type: ignore[arg-type]


async def _one(address: str, port: int) -> tuple[bool, str]:
    where = f"{bracketed(address)}:{port}"
    start = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return False, f"{where} does not answer within {TIMEOUT:g} s"
    except OSError as error:
        return False, f"{where}: {os.strerror(error.errno) if error.errno else error}"
    milliseconds = (time.monotonic() - start) * 1000
    await _hang_up(reader, writer)
    return True, f"{where} in {milliseconds:.1f} ms"


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close, and let the server notice: it may take few connections, and the login comes next."""
    with suppress(OSError):  # TimeoutError is one
        async with asyncio.timeout(GOODBYE):
            writer.write_eof()
            while await reader.read(1024):
                pass
    writer.transport.abort()
