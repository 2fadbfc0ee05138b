"""Logging in: once, and as often as the destination's options allow at the same time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pigeon.destinations import Destination
from pigeon.exceptions import (
    AuthenticationError,
    DestinationMisconfigured,
    PigeonError,
    Unreachable,
)
from pigeon.senders.base import Sender
from pigeon.senders.capabilities import Capability
from pigeon.senders.registry import make_sender

#: Seconds for a good-bye.
CLOSE_TIMEOUT = 10.0
_ASK = (
    (
        AuthenticationError,
        "Ask the partner to confirm, by another way, what the message names: the user name, the "
        "password or our public key, or the fingerprint of the server's key or its certificate.",
    ),
    (
        Unreachable,
        "Ask the partner whether the server is up, speaks this protocol on this port, and lets "
        "our address through.",
    ),
    (DestinationMisconfigured, "Correct the URL or the options as the message says."),
)


async def log_in(sender: Sender) -> Capability:
    """Open ``sender``; its errors are not raised but told."""
    return _told("log in", await _opened(sender), "")


async def count_connections(destination: Destination, wanted: int) -> Capability:
    """Open as many more connections as make ``wanted`` with the one that is open already.

    All are closed again.
    """
    others: list[Sender] = []
    try:
        for number in range(2, wanted + 1):
            others.append(make_sender(destination))
            if error := await _opened(others[-1]):
                return Capability(
                    "several connections",
                    "no",
                    f"number {number} of {wanted} was refused: {words_of(error)}",
                    "waits and tries again whenever too many are open",
                    f"Set OPTIONS['connections'] to {number - 1}, or ask the partner to allow "
                    f"{wanted}. Other programs may have some open, such as a push right now.",
                )
    finally:
        await asyncio.gather(*map(closed, others))
    return Capability("several connections", "yes", f"{wanted} at the same time")


async def closed(sender: Sender) -> None:
    """Close ``sender``, whatever it does."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await sender.close()


def words_of(error: Exception) -> str:
    """What ``error`` says, on one line; for those that are not Pigeon's, with their class."""
    words = " ".join(str(error).split())
    return words if isinstance(error, PigeonError) else f"{type(error).__name__}: {words}"


async def _opened(sender: Sender) -> Exception | None:
    """Open ``sender``; the error if there was one."""
    limit = 2 * float(sender.destination.options.get("timeout", 30))
    try:
        async with asyncio.timeout(limit):
            await sender.open()
    except TimeoutError:
        return Unreachable(f"The login did not end within {limit:g} seconds.")
    except Exception as error:  # noqa: BLE001 - a user's own sender may raise anything
        return error
    return None


def _told(name: str, error: Exception | None, seen: str) -> Capability:
    if error is None:
        return Capability(name, "yes", seen, required=True)
    ask = next((words for kind, words in _ASK if isinstance(error, kind)), "")
    ask = ask or "Correct the sender, or ask the partner about the words on the left."
    return Capability(name, "no", words_of(error), "delivers nothing", ask, required=True)
