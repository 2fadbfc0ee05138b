"""One of a lane's connections: opened when first needed, replaced when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pigeon.destinations import Destination
from pigeon.engine.judge import concerns_destination
from pigeon.engine.tracebacks import traceback_of
from pigeon.exceptions import DeliveryError, Unreachable
from pigeon.senders.base import Sender
from pigeon.senders.registry import make_sender

logger = logging.getLogger("pigeon.engine")

#: Seconds that opening may take beyond the sender's own time-outs, in case it has none.
OPEN_LIMIT = 120
CLOSE_LIMIT = 10


class NotTried(Exception):
    """The connection could not be opened for another delivery, so this one was not tried."""


class Connection:
    """Holds at most one open sender for ``destination``.

    Args:
        destination: where to.
        opened: is set once it has been open.
    """

    def __init__(self, destination: Destination, opened: asyncio.Event) -> None:
        self._destination = destination
        self._opened = opened
        self._sender: Sender | None = None
        self._opening = asyncio.Lock()
        self._early: asyncio.Task[Sender] | None = None
        self._refused = False
        self._is_new = True

    def introduce(self) -> str:
        """How a transcript begins: the first delivery on an open sender is told that it is new."""
        was_new, self._is_new = self._is_new, False
        return "connected and logged in to" if was_new else "on an open connection to"

    def begin(self) -> asyncio.Task[Sender]:
        """Open it while something else is done; :meth:`sender` says what came of it."""
        self._early = asyncio.create_task(self._open())
        return self._early

    async def sender(self) -> Sender:
        """The open sender; opens one if there is none, or if the last one broke.

        Raises:
            DeliveryError: it could not be opened; always one that concerns the destination.
            NotTried: it could not be opened before, for another delivery.
        """
        if self._sender is not None and not self._sender.broken and not self._opening.locked():
            return self._sender
        async with self._opening:
            if self._early is not None:
                early, self._early = self._early, None
                self._sender = await early
            if self._refused:
                raise NotTried
            if self._sender is not None and self._sender.broken:
                await self.close()
            if self._sender is None:
                self._sender = await self._open()
            return self._sender

    async def _open(self) -> Sender:
        sender = make_sender(self._destination)
        try:
            async with asyncio.timeout(OPEN_LIMIT):
                await sender.open()
        except BaseException as error:
            self._refused = True
            await _close(sender)
            if isinstance(error, Exception) and not concerns_destination(error):
                raise _unreachable(error, self._destination) from error
            raise
        self._opened.set()
        self._is_new = True
        return sender

    async def discard(self, sender: Sender, *, hangs: bool = False) -> bool:
        """Give up ``sender`` after an error if it is broken or hangs; whether this call did.

        One that hangs is closed, too: what else is under way on it fails, and is tried again.
        """
        if self._sender is not sender or not (hangs or sender.broken):
            return False
        self._sender = None
        await _close(sender)
        return True

    async def close(self) -> None:
        """Close the open sender, if there is one, or give up one that nobody waits for."""
        sender, self._sender = self._sender, None
        if self._early is not None:
            early, self._early = self._early, None
            early.cancel()
            [outcome] = await asyncio.gather(early, return_exceptions=True)
            sender = outcome if isinstance(outcome, Sender) else sender
        if sender is not None:
            await _close(sender)


def _unreachable(error: Exception, destination: Destination) -> Unreachable:
    """Whatever it was, no item has a chance without a connection."""
    if isinstance(error, TimeoutError):
        return Unreachable(f"No connection within {OPEN_LIMIT} seconds.")
    if isinstance(error, (DeliveryError, OSError)):
        return Unreachable(f"Could not connect: {error}")
    text, extra = traceback_of(error, destination), {"destination": destination.name}
    logger.error("Connecting failed unexpectedly\n%s", text, extra=extra)
    return Unreachable(f"Could not connect: {type(error).__name__}: {error}")


async def _close(sender: Sender) -> None:
    """Close, whatever the sender's code does: what was delivered stays delivered."""
    with contextlib.suppress(DeliveryError, OSError, TimeoutError):
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await sender.close()
        except (DeliveryError, OSError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - see above
            name, trace = sender.destination.name, traceback_of(error, sender.destination)
            text = "Closing the connection to %s failed\n%s"
            logger.error(text, name, trace, extra={"destination": name})
