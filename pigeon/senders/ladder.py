"""The one order of steps in which a parcel is put, for every kind of remote.

All files are put aside under temporary names and verified, with those that go with them; then
the lease is looked at; then the files get their final names, after them the checksums, and at
last the done-files. Whoever reads a final name sees a whole file, and whoever waits for a
done-file finds all files of the parcel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pigeon.exceptions import DeliveryError, LeaseLost
from pigeon.parcel import Parcel
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.flight import Flight
from pigeon.remotes.source import Source
from pigeon.senders import companions
from pigeon.senders.base import Delivery
from pigeon.senders.folders import Folders
from pigeon.senders.manner import Manner
from pigeon.senders.names import final_path
from pigeon.senders.upload import Upload

#: Seconds for taking back what a failed delivery left at the partner.
DISCARD_TIMEOUT = 10.0


@dataclass
class Ladder:
    """One parcel on its way to one server.

    Attributes:
        remote: an open connection.
        folders: those that the connection knows.
        manner: how the destination wants files put.
        width: how many steps the connection carries at the same time.
        delivery: what is to be delivered.
        files: the parcel's own.
        checksums: published after them.
        done_files: published after those.
    """

    remote: Remote
    folders: Folders
    manner: Manner
    width: int
    delivery: Delivery
    files: list[Upload] = field(default_factory=list)
    checksums: list[Upload] = field(default_factory=list)
    done_files: list[Upload] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held = {held.path: held for held in self.delivery.held}

    @property
    def _all(self) -> list[Upload]:
        return [*self.files, *self.checksums, *self.done_files]

    async def climb(self, parcel: Parcel) -> None:
        """Put ``parcel``; what has not landed when it fails is taken back."""
        try:
            if self._is_plain(parcel):
                return await self._put_alone(parcel)
            await self._look(parcel)
            self.delivery.traces = True
            for one in self._all:
                await one.take_over()
            await (self._in_place() if self.manner.in_place else self._aside())
        except BaseException as error:
            await self._take_back(error)
            raise

    def _is_plain(self, parcel: Parcel) -> bool:
        """Whether it is one file, with nothing beside it and nothing to look for first."""
        return len(parcel.files) == 1 and self.manner.is_plain and not self.delivery.stale_tokens

    async def _put_alone(self, parcel: Parcel) -> None:
        """The same steps, of which most pushes need no more; each file costs only its own."""
        file = parcel.files[0]
        upload = self._upload(Source(parcel.local_path(file), file, file.content))
        self.files.append(upload)
        self.delivery.traces = True
        await upload.put(self.folders)
        await self.delivery.check_lease()
        self.delivery.record(await upload.publish(self.folders))

    async def _look(self, parcel: Parcel) -> None:
        """See what stands there already, where that matters."""
        self.files = [self._upload(Source(parcel.local_path(file), file)) for file in parcel.files]
        await self._look_back(self.files)
        await self._each(
            [one for one in self.files if not one.may_replace and one.receipt is None],
            lambda one: one.look_at_theirs(self._held.get(one.source.file.path)),
        )
        sent = [one.source.file for one in self.files if not _skipped(one)]
        checksums = companions.checksums(self.manner, sent)
        done_files = companions.done_files(self.manner, sent)
        companions.refuse_clash(parcel.files, [*checksums, *done_files])
        self.checksums = [self._upload(source, ours=True) for source in checksums]
        self.done_files = [self._upload(source, ours=True) for source in done_files]
        await self._look_back([*self.checksums, *self.done_files])
        if not all(one.receipt for one in (*self.files, *self.checksums)):
            for one in self.done_files:
                one.forget_landing()  # it speaks of what is to be replaced

    async def _look_back(self, uploads: list[Upload]) -> None:
        tokens = self.delivery.stale_tokens
        if tokens:
            await self._each(uploads, lambda one: one.look_back(tokens))

    def _upload(self, source: Source, *, ours: bool = False) -> Upload:
        path = source.file.path
        return Upload(
            self.remote,
            self.manner,
            source,
            final_path(self.remote.root, path),
            self.delivery.token,
            ours or self._may_replace(path),
        )

    def _may_replace(self, path: str) -> bool:
        """Whether the option allows it, or what stands there can only be ours.

        Half a file under its final name is left by our own attempts to write in place.
        """
        held = self._held.get(path)
        return (
            self.manner.overwrite == "replace"
            or (held is not None and held.is_certain)
            or (self.manner.in_place and bool(self.delivery.stale_tokens))
        )

    async def _aside(self) -> None:
        await self._put(self._all)
        await self.delivery.check_lease()
        await self._withdraw_done_files()
        for stage in (self.files, self.checksums, self.done_files):
            await self._publish(stage)

    async def _in_place(self) -> None:
        await self.delivery.check_lease()
        await self._withdraw_done_files()
        for stage in (self.files, self.checksums, self.done_files):
            await self._put(stage)
            await self._publish(stage)

    async def _withdraw_done_files(self) -> None:
        """An old one must not speak of what is only half there."""
        for one in self.done_files:
            if one.receipt is None:
                with suppress(RemoteFileNotFound):
                    await self.remote.remove(one.final)

    async def _put(self, uploads: list[Upload]) -> None:
        await self._each(uploads, lambda one: one.put(self.folders))

    async def _publish(self, uploads: list[Upload]) -> None:
        """Give all their final names. After an error none is begun any more.

        Those under way are waited for: what lands must have a receipt, or nobody knows of it.
        """
        places = asyncio.Semaphore(self.width)
        errors: list[Exception] = []

        async def publish(upload: Upload) -> None:
            async with places:
                if not errors:
                    try:
                        if not self.manner.in_place:
                            # Many renames take a while, in which this process may be stopped.
                            await self.delivery.check_lease()
                        self.delivery.record(await upload.publish(self.folders))
                    except Exception as error:  # noqa: BLE001 - raised below
                        errors.append(error)

        if len(uploads) == 1:
            await publish(uploads[0])
        else:
            await asyncio.gather(*(publish(upload) for upload in uploads))
        if errors:
            raise errors[0]

    async def _each(
        self, uploads: Sequence[Upload], step: Callable[[Upload], Awaitable[None]]
    ) -> None:
        """``step`` with every upload; several at a time if the connection carries them."""
        if len(uploads) <= 1 or self.width == 1:
            for upload in uploads:
                await step(upload)
            return
        async with Flight(self.width) as flight:
            for upload in uploads:
                await flight.start(_run(step, upload))

    async def _take_back(self, error: BaseException) -> None:
        if self.manner.in_place and not await _is_ours(self.delivery):
            return
        # When the worker ends, the next attempt goes on where this one was.
        ends = isinstance(error, asyncio.CancelledError)
        await self._discard([one for one in self._all if not (ends and one.resumable)])

    async def _discard(self, uploads: Iterable[Upload]) -> None:
        """Best effort: what stays is removed by the next attempt, which knows our token."""
        try:
            async with asyncio.timeout(DISCARD_TIMEOUT):
                for upload in uploads:
                    if self.remote.broken:
                        return
                    await upload.discard()
        except (DeliveryError, TimeoutError):
            return


def _skipped(upload: Upload) -> bool:
    return upload.receipt is not None and upload.receipt.published == "skipped"


async def _is_ours(delivery: Delivery) -> bool:
    """Whether what stands under a final name can only be what we have just written there."""
    try:
        await delivery.check_lease()
    except (DeliveryError, LeaseLost):
        return False
    return True


async def _run(step: Callable[[Upload], Awaitable[None]], upload: Upload) -> None:
    await step(upload)
