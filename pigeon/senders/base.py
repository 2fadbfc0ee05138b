"""What a sender is: the contract between the engine and everything that delivers."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Literal, TypeVar

from pigeon.destinations import Destination
from pigeon.exceptions import LeaseLost
from pigeon.parcel import Held, Parcel, Receipt
from pigeon.remotes.source import Source
from pigeon.remotes.threads import OwnThread, in_own_thread
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.transcript import Transcript

Action = Literal["put", "remove"]
T = TypeVar("T")


@dataclass(slots=True)
class Delivery:
    """One item on its way to one destination.

    Attributes:
        action: put the parcel, or remove what the destination holds.
        rule: name of the rule.
        title: the object's title, for records.
        parcel: what to put; ``None`` when there is only something to remove.
        held: files of this object that the destination holds from earlier deliveries.
        remove_stale: whether files in ``held`` that the parcel no longer has are to go.
        idempotency_key: the same for every attempt to deliver the same parcel here.
        token: goes into temporary names; no other attempt has it.
        stale_tokens: tokens of earlier attempts, which may have left temporary files.
        check_lease: call right before publishing; raises ``LeaseLost`` when another worker
            has taken the item over.
        deadline: when (aware) nobody wants it any more; ``None``: never. The engine cancels what
            is not done by then.
        receipts: what has landed so far; filled by :meth:`record`.
        transcript: what was done so far, with the time of each step; filled by :meth:`note`.
        traces: something may stand there under our token, and what stale tokens left has been
            seen to. A sender that says ``False`` at first keeps the stale ones if it fails.
    """

    action: Action
    rule: str
    title: str
    parcel: Parcel | None
    held: tuple[Held, ...]
    remove_stale: bool
    idempotency_key: str
    token: str
    stale_tokens: tuple[str, ...]
    check_lease: Callable[[], Awaitable[None]]
    deadline: datetime | None = None
    receipts: list[Receipt] = field(default_factory=list)
    transcript: Transcript = field(default_factory=Transcript)
    traces: bool = True

    @property
    def sources(self) -> list[Source]:
        """The files to put, in order, to be read such that damage is noticed."""
        parcel = self.parcel if self.action == "put" else None
        return [Source(parcel.local_path(file), file) for file in parcel.files] if parcel else []

    @property
    def to_remove(self) -> list[Held]:
        """The held files that are to go, ordered by path; after the parcel's have landed."""
        kept: set[str] = set()
        if self.action == "put":
            if not self.remove_stale:
                return []
            kept = {file.path for file in self.parcel.files} if self.parcel else set()
        return sorted((h for h in self.held if h.path not in kept), key=lambda h: h.path)

    def record(self, receipt: Receipt) -> None:
        """Say that a file landed, at the moment it has: a later failure forgets nothing."""
        self.receipts.append(receipt)

    def note(self, step: str) -> None:
        """Say what was just done, for the operator: a few words, without a full stop.

        They are redacted before they are stored. Of very many only the first and the last stay.
        """
        self.transcript.add(step)


class Sender(ABC):
    """One open connection to one destination.

    The engine calls :meth:`open` once, then :meth:`send` for many deliveries, up to
    :attr:`in_flight` at the same time, then :meth:`close`. After an error whose class is
    ``Unreachable`` or ``stops_destination``, or with :attr:`broken` true, it closes the sender
    and opens a new one.

    Errors: raise a subclass of :class:`pigeon.exceptions.DeliveryError`; any other exception
    counts as permanent. Messages are shown to operators: name the cause and the cure.
    """

    #: URL schemes that pick this sender.
    schemes: ClassVar[tuple[str, ...]] = ()
    #: How many deliveries one connection carries at the same time.
    in_flight: int = 1
    #: How many connections the engine opens when there is enough work.
    connections: int = 1
    #: Seconds after which the engine gives a delivery up; ``None``: never, because the sender
    #: sees by itself when nothing moves.
    delivery_timeout: float | None = 3600
    #: Options that ``OPTIONS`` of a destination may have, with the type of each value.
    options: ClassVar[dict[str, type | tuple[type, ...]]] = {}

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.in_flight = int(destination.options.get("in_flight", type(self).in_flight))
        self.connections = int(destination.options.get("connections", type(self).connections))
        limit = destination.options.get("delivery_timeout", type(self).delivery_timeout)
        self.delivery_timeout = limit

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return False

    @property
    def needs_digests(self) -> bool:
        """Whether every file of a parcel must come with its digest.

        If not, that of a large file may be empty at a first attempt. Then it is sent as a
        :class:`~pigeon.remotes.source.Source`, which knows the digest when it was read to its
        end, and so says the receipt.
        """
        return True

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with ``destination``'s URL or options; no network."""
        return []

    @abstractmethod
    async def open(self) -> None:
        """Connect and log in."""

    @abstractmethod
    async def send(self, delivery: Delivery) -> None:
        """Do what ``delivery`` asks; call ``delivery.record`` as each file lands."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; must not raise and must not hang."""

    async def probe(self) -> Capabilities:
        """Try out, on the open connection, what the partner's side can do; leave nothing there."""
        return Capabilities()

    def companions(self, parcel: Parcel) -> set[str]:
        """Paths beside those of ``parcel``'s files that putting it writes to; no network.

        Those of several parcels may have the same, so the engine keeps them apart.
        """
        return set()


class SyncSender(ABC):
    """A sender with plain methods, run in a thread: the base for a user's own sender.

    One instance serves one slot and has one thread, in which all its methods are called, one
    after another.
    ``delivery.check_lease`` is a coroutine function there; call :meth:`check_lease` instead.
    """

    schemes: ClassVar[tuple[str, ...]] = ()
    connections: int = 1
    delivery_timeout: float | None = Sender.delivery_timeout
    options: ClassVar[dict[str, type | tuple[type, ...]]] = {}

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with ``destination``'s URL or options; no network."""
        return []

    def open(self) -> None:  # noqa: B027 - most own senders need no connection
        """Connect and log in."""

    @abstractmethod
    def send(self, delivery: Delivery) -> None:
        """Do what ``delivery`` asks; call ``delivery.record`` as each file lands."""

    def close(self) -> None:  # noqa: B027
        """Disconnect."""

    def probe(self) -> Capabilities:
        """Try out, on the open connection, what the partner's side can do; leave nothing there."""
        return Capabilities()

    def check_lease(self, delivery: Delivery) -> None:
        """Raise ``LeaseLost`` if another worker has taken the item over, or nobody waits."""
        if self.given_up:
            raise LeaseLost("The delivery was given up while it was under way.")
        asyncio.run_coroutine_threadsafe(_awaited(delivery.check_lease()), self.loop).result()

    #: The engine's loop, set by the bridge that runs this sender.
    loop: asyncio.AbstractEventLoop
    #: The engine no longer waits for the call under way.
    given_up: bool = False


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


class ThreadedSender(Sender):
    """The one bridge from :class:`SyncSender` to the engine."""

    def __init__(self, destination: Destination, plain: SyncSender) -> None:
        super().__init__(destination)
        self.in_flight = 1
        self.connections = int(destination.options.get("connections", plain.connections))
        limit = destination.options.get("delivery_timeout", plain.delivery_timeout)
        self.delivery_timeout = limit
        self._plain = plain
        self._thread = OwnThread()
        self._is_stuck = False

    @property
    def broken(self) -> bool:
        """True when a call was given up while it ran: nothing else can run in its thread."""
        return self._is_stuck

    async def open(self) -> None:
        """Connect, in the thread."""
        self._plain.loop = asyncio.get_running_loop()
        await self._run(self._plain.open)

    async def send(self, delivery: Delivery) -> None:
        """Send, in the thread."""
        await self._run(partial(self._plain.send, delivery))

    async def close(self) -> None:
        """Disconnect, in the thread; in another if that one is stuck."""
        try:
            await (in_own_thread if self._is_stuck else self._run)(self._plain.close)
        finally:
            self._thread.stop()

    async def probe(self) -> Capabilities:
        """Probe, in the thread."""
        return await self._run(self._plain.probe)

    async def _run(self, function: Callable[[], T]) -> T:
        try:
            return await self._thread.run(function)
        except asyncio.CancelledError:
            self._is_stuck = self._plain.given_up = True
            raise


#: Options that every destination understands.
COMMON_OPTIONS: dict[str, Any] = {
    "connections": int,
    "in_flight": int,
    "timeout": (int, float),
    "delivery_timeout": (int, float),
    "rate": str,
    "hours": str,
    "old_age": (int, float),
    "too_old_age": (int, float),
    "password": (str, Callable),
}
