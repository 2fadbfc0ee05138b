"""Delivering by files: one sender for every kind of remote.

The order of the steps is :class:`pigeon.senders.ladder.Ladder`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar

from pigeon.destinations import Destination
from pigeon.exceptions import DestinationMisconfigured, PermanentError
from pigeon.parcel import Held, Parcel, Receipt
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.senders import companions, manner, probe, readback
from pigeon.senders.base import Delivery, Sender
from pigeon.senders.capabilities import Capabilities
from pigeon.senders.folders import Folders
from pigeon.senders.ladder import Ladder
from pigeon.senders.manner import Manner
from pigeon.senders.names import final_path, temporary_path
from pigeon.senders.narrated import Narrated


class RemoteSender(Sender):
    """A sender over a remote; subclasses name their ``schemes`` and ``remote_class``."""

    remote_class: ClassVar[type[Remote]]
    delivery_timeout = None

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        remote = cls.remote_class
        cls.in_flight, cls.connections = remote.in_flight, remote.connections
        cls.options = {**manner.OPTIONS, **remote.options}

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._remote = self.remote_for(destination)(destination)
        self.in_flight = int(destination.options.get("in_flight", self._remote.in_flight))
        if self._remote.in_flight == 1:
            self.in_flight = 1
        self._folders = Folders()
        self._manner = Manner()

    @classmethod
    def remote_for(cls, destination: Destination) -> type[Remote]:
        """The kind of remote that serves ``destination``; never fails, whatever its options."""
        return cls.remote_class

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._remote.broken

    @property
    def needs_digests(self) -> bool:
        """For lists of them, and to know our own files from the partner's."""
        options = self.destination.options
        return bool(manner.problems(options)) or Manner.of(options).needs_digests

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with ``destination``'s URL or options; no network."""
        remote = cls.remote_for(destination)
        return manner.problems(destination.options) + remote.check(destination)

    async def open(self) -> None:
        """Connect and log in.

        Raises:
            DestinationMisconfigured: URL or options are wrong.
        """
        if problems := self.check(self.destination):
            raise DestinationMisconfigured(" ".join(problems))
        self._manner = Manner.of(self.destination.options)
        await self._remote.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._remote.close()

    async def probe(self) -> Capabilities:
        """Try out what the server can do; see :func:`pigeon.senders.probe.probe`."""
        return await probe.probe(self._remote, self._manner)

    def companions(self, parcel: Parcel) -> set[str]:
        """The checksums and done-files of ``parcel``."""
        asked = self._asked
        return set() if asked is None else companions.paths(asked, parcel.files)

    @cached_property
    def _asked(self) -> Manner | None:
        """What the options say; ``None``: they are wrong, and nothing is put until mended."""
        options = self.destination.options
        return None if manner.problems(options) else Manner.of(options)

    async def send(self, delivery: Delivery) -> None:
        """Put the parcel and remove what is to go, or only remove."""
        delivery.traces = False
        remote = Narrated(self._remote, delivery.note)
        if delivery.stale_tokens:
            await self._sweep(remote, delivery, self._stale(delivery, delivery.held))
        if delivery.action == "put":
            if delivery.parcel is None:
                raise PermanentError("There is no parcel to put.")
            ladder = Ladder(remote, self._folders, self._manner, self.in_flight, delivery)
            await ladder.climb(delivery.parcel)
            if not delivery.remove_stale:
                return
        stale = self._stale(delivery, await self._ours(remote, delivery.held))
        await self._remove(
            remote, delivery, stale - {receipt.path for receipt in delivery.receipts}
        )

    async def _ours(self, remote: Remote, held: Iterable[Held]) -> list[Held]:
        """``held`` without what turns out to be the partner's own, which we may not touch.

        In place, what stands there may be half of ours.
        """
        if self._manner.overwrite == "replace" or self._manner.in_place:
            return list(held)
        return [each for each in held if each.is_certain or await self._is_ours(remote, each)]

    async def _is_ours(self, remote: Remote, held: Held) -> bool:
        path = final_path(remote.root, held.path)
        return await readback.holds(remote, path, held) is not False

    def _stale(self, delivery: Delivery, files: Iterable[Held]) -> set[str]:
        """What the destination holds, or may hold, of ours beside the parcel's own files.

        An attempt of which nobody knows how it ended recorded none of its companions.
        """
        held = {each.path for each in files}
        if delivery.stale_tokens:
            beside = companions.beside(self._manner, held)
            held |= companions.beside(self._manner, held - beside)
        return held - {file.path for file in (delivery.parcel.files if delivery.parcel else ())}

    async def _sweep(self, remote: Remote, delivery: Delivery, paths: Iterable[str]) -> None:
        """Remove what earlier attempts left of files that we do not put."""
        if self._manner.in_place:
            return
        root = remote.root
        for path in paths:
            for token in delivery.stale_tokens:
                final = final_path(root, path)
                with suppress(RemoteFileNotFound):
                    await remote.remove(temporary_path(final, token, self._manner.temporary, root))

    async def _remove(self, remote: Remote, delivery: Delivery, paths: Iterable[str]) -> None:
        """Done-files first: none must speak of what is gone."""
        done = {path for path in paths if companions.is_done_file(self._manner, path)}
        for path in (*sorted(done), *sorted(set(paths) - done)):
            remote_path = final_path(remote.root, path)
            await delivery.check_lease()
            with suppress(RemoteFileNotFound):  # the partner has taken it away already
                await remote.remove(remote_path)
            delivery.record(Receipt(path, remote_path, 0, "", "removed", "none"))
