"""Delivering by files: the one order of steps for every kind of remote.

All files of a parcel are put aside under temporary names and verified; then the lease is
looked at; then all are given their final names. Whoever reads a final name sees a whole file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, ClassVar

from pigeon.destinations import Destination
from pigeon.exceptions import (
    DeliveryError,
    DestinationMisconfigured,
    LeaseLost,
    PermanentError,
)
from pigeon.parcel import Parcel, Receipt
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.flight import Flight
from pigeon.remotes.source import Source
from pigeon.senders import probe
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.folders import Folders
from pigeon.senders.names import final_path, temporary_path
from pigeon.senders.upload import Manner, Upload

#: Seconds for taking back what a failed delivery left at the partner.
DISCARD_TIMEOUT = 10.0
#: Values of the options that choose among a few.
CHOICES = {
    "verify": ("size", "sha256", "none"),
    "publish": ("rename", "replace", "in-place"),
}


class RemoteSender(Sender):
    """A sender over a remote; subclasses name their ``schemes`` and ``remote_class``."""

    remote_class: ClassVar[type[Remote]]

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        remote = cls.remote_class
        cls.in_flight, cls.connections = remote.in_flight, remote.connections
        cls.options = {**dict.fromkeys(CHOICES, str), **remote.options}

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        if self.remote_class.in_flight == 1:
            self.in_flight = 1
        self._remote = self.remote_class(destination)
        self._folders = Folders(self._remote)
        self._manner = Manner(
            **{key: destination.options[key] for key in CHOICES if key in destination.options}
        )

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._remote.broken

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with ``destination``'s URL or options; no network."""
        found = [
            f"Option {key!r} is one of {', '.join(map(repr, choices))}, "
            f"not {destination.options[key]!r}."
            for key, choices in CHOICES.items()
            if destination.options.get(key, choices[0]) not in choices
        ]
        return found + cls.remote_class.check(destination)

    async def open(self) -> None:
        """Connect and log in.

        Raises:
            DestinationMisconfigured: URL or options are wrong.
        """
        if problems := self.check(self.destination):
            raise DestinationMisconfigured(" ".join(problems))
        await self._remote.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._remote.close()

    async def probe(self) -> Capabilities:
        """Try out what the server can do; see :func:`pigeon.senders.probe.probe`."""
        return await probe.probe(self._remote)

    async def send(self, delivery: Delivery) -> None:
        """Put the parcel and remove what is to go, or only remove."""
        stale = {held.path for held in delivery.held}
        if delivery.parcel is not None:
            stale -= {file.path for file in delivery.parcel.files}
        delivery.traces = False
        await self._sweep(delivery, stale)
        if delivery.action == "put":
            if delivery.parcel is None:
                raise PermanentError("There is no parcel to put.")
            await self._put(delivery, delivery.parcel)
            if not delivery.remove_stale:
                return
        await self._remove(delivery, sorted(stale))

    async def _sweep(self, delivery: Delivery, paths: Iterable[str]) -> None:
        """Remove what earlier attempts left of files that we do not put."""
        if self._manner.publish == "in-place":
            return
        for path in paths:
            for token in delivery.stale_tokens:
                with suppress(RemoteFileNotFound):
                    final = final_path(self._remote.root, path)
                    await self._remote.remove(temporary_path(final, token))

    async def _put(self, delivery: Delivery, parcel: Parcel) -> None:
        uploads = [self._upload(delivery, parcel, index) for index in range(len(parcel.files))]
        in_place = self._manner.publish == "in-place"
        try:
            if delivery.stale_tokens:
                await self._each(uploads, lambda one: one.look_back(delivery.stale_tokens))
            delivery.traces = True
            if in_place:
                await delivery.check_lease()
            await self._each(uploads, lambda one: one.put(self._folders))
            if not in_place:
                await delivery.check_lease()
            await self._publish(uploads, delivery)
        except BaseException:
            if not in_place or await _is_ours(delivery):
                await self._discard(uploads)
            raise

    async def _publish(self, uploads: list[Upload], delivery: Delivery) -> None:
        """Give all their final names. After an error none is begun any more.

        Those under way are waited for: what lands must have a receipt, or nobody knows of it.
        """
        places = asyncio.Semaphore(self.in_flight)
        errors: list[Exception] = []

        async def publish(upload: Upload) -> None:
            async with places:
                if not errors:
                    try:
                        delivery.record(await upload.publish())
                    except Exception as error:  # noqa: BLE001 - raised below
                        errors.append(error)

        await asyncio.gather(*(publish(upload) for upload in uploads))
        if errors:
            raise errors[0]

    def _upload(self, delivery: Delivery, parcel: Parcel, index: int) -> Upload:
        file = parcel.files[index]
        return Upload(
            self._remote,
            self._manner,
            Source(parcel.local_path(file), file),
            final_path(self._remote.root, file.path),
            delivery.token,
        )

    async def _each(
        self, uploads: list[Upload], step: Callable[[Upload], Awaitable[None]]
    ) -> None:
        """``step`` with every upload; several at a time if the connection carries them."""
        if len(uploads) == 1 or self.in_flight == 1:
            for upload in uploads:
                await step(upload)
            return
        async with Flight(self.in_flight) as flight:
            for upload in uploads:
                await flight.start(_run(step, upload))

    async def _discard(self, uploads: list[Upload]) -> None:
        """Best effort: what stays is removed by the next attempt, which knows our token."""
        try:
            async with asyncio.timeout(DISCARD_TIMEOUT):
                for upload in uploads:
                    if self.broken:
                        return
                    await upload.discard()
        except (DeliveryError, TimeoutError):
            return

    async def _remove(self, delivery: Delivery, paths: Iterable[str]) -> None:
        await delivery.check_lease()
        for path in paths:
            remote_path = final_path(self._remote.root, path)
            with suppress(RemoteFileNotFound):  # the partner has taken it away already
                await self._remote.remove(remote_path)
            delivery.record(Receipt(path, remote_path, 0, "", "removed", "none"))


async def _is_ours(delivery: Delivery) -> bool:
    """Whether what stands under a final name can only be what we have just written there."""
    try:
        await delivery.check_lease()
    except (DeliveryError, LeaseLost):
        return False
    return True


async def _run(step: Callable[[Upload], Awaitable[None]], upload: Upload) -> None:
    await step(upload)
