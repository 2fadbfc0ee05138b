"""One file of a parcel on its way: put aside, verified, published, or taken back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from pigeon.exceptions import DestinationMisconfigured, TransientError
from pigeon.parcel import Receipt
from pigeon.remotes.base import (
    Remote,
    RemoteFileNotFound,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.source import Source
from pigeon.senders import readback
from pigeon.senders.folders import Folders
from pigeon.senders.names import temporary_path


@dataclass(frozen=True, slots=True)
class Manner:
    """How a destination wants files put.

    Attributes:
        verify: ``"size"``, ``"sha256"`` (by reading back) or ``"none"``.
        publish: ``"rename"``; ``"replace"``, which may delete the old file first where the
            server cannot rename over it; ``"in-place"``, which writes under the final name.
    """

    verify: str = "size"
    publish: str = "rename"


@dataclass(slots=True)
class Upload:
    """One file, and how far it has come.

    Attributes:
        source: the file on our disk.
        final: its full path at the partner.
        current: the path under which it is, or will be, until it is published.
        verified: how it was found to be whole, once it was.
        started: something of it may stand under ``current``.
        receipt: set when it has landed.
    """

    remote: Remote
    manner: Manner
    source: Source
    final: str
    token: str
    current: str = field(init=False)
    verified: str = ""
    started: bool = False
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        in_place = self.manner.publish == "in-place"
        self.current = self.final if in_place else temporary_path(self.final, self.token)

    async def look_back(self, stale_tokens: tuple[str, ...]) -> None:
        """Use what earlier attempts left: the file itself, or a whole temporary one.

        Other temporary files of theirs are removed.
        """
        if await readback.is_there(self.remote, self.final, self.source.file):
            self._landed("found", "sha256")
        if self.manner.publish == "in-place":
            return
        for token in stale_tokens:
            await self._use_or_remove(temporary_path(self.final, token))

    async def _use_or_remove(self, left: str) -> None:
        whole = await readback.is_there(self.remote, left, self.source.file)
        if whole and not self.verified:
            self.current, self.verified, self.started = left, "sha256", True
        elif whole is not None:
            await self._remove(left)

    async def put(self, folders: Folders) -> None:
        """Put the file aside and verify it, unless that has been done before."""
        if self.verified:
            return
        self.started = True
        size = await folders.put(self.source, self.current)
        self.verified = await self._verify(size)

    async def _verify(self, size: int | None) -> str:
        if self.manner.verify == "sha256":
            if await readback.digest(self.remote, self.current) != self.source.file.sha256:
                raise TransientError(
                    f"{self.final} arrived damaged at {self.remote.where}: read back, its "
                    "SHA-256 is another. It was not published and will be sent again."
                )
        elif self.manner.verify == "size":
            self._compare(await self._size_there() if size is None else size)
        return self.manner.verify

    async def _size_there(self) -> int | None:
        try:
            return (await self.remote.stat(self.current)).size
        except RemoteFileNotFound as error:
            raise self._vanished() from error

    def _compare(self, size: int | None) -> None:
        if size is None:
            raise DestinationMisconfigured(
                f"{self.remote.where} does not tell the size of files, so that Pigeon cannot "
                "see whether they arrived whole. Set OPTIONS['verify'] to 'sha256' (read back) "
                "or 'none'."
            )
        if size != self.source.file.size:
            raise TransientError(
                f"{self.final} arrived at {self.remote.where} with {size} bytes instead of "
                f"{self.source.file.size}. It was not published and will be sent again."
            )

    async def publish(self) -> Receipt:
        """Give the file its final name, in one step where the server can.

        Raises:
            DestinationMisconfigured: the server cannot; the message names the options.
            AmbiguousError: the answer was lost.
        """
        if self.receipt is None:
            try:
                self._landed(await self._rename(), self.verified)
            except RemoteFileNotFound as error:
                raise self._vanished() from error
        assert self.receipt is not None
        return self.receipt

    async def _rename(self) -> str:
        if self.manner.publish == "in-place":
            return "in-place"
        try:
            try:
                await self.remote.rename(self.current, self.final, replace=True)
            except RenameUnsupported:
                await self.remote.rename(self.current, self.final, replace=False)
        except RenameUnsupported as error:
            raise self._cannot_rename(str(error)) from error
        except RenameTargetExists as error:
            if self.manner.publish != "replace":
                raise self._cannot_replace() from error
            await self._remove(self.final)
            await self.remote.rename(self.current, self.final, replace=False)
            return "replace"
        return "rename"

    async def discard(self) -> None:
        """Remove what stands there of an upload that did not land."""
        if self.started and self.receipt is None:
            await self._remove(self.current)

    async def _remove(self, path: str) -> None:
        with suppress(RemoteFileNotFound):
            await self.remote.remove(path)

    def _landed(self, published: str, verified: str) -> None:
        file = self.source.file
        self.verified = verified
        self.receipt = Receipt(file.path, self.final, file.size, file.sha256, published, verified)

    def _vanished(self) -> TransientError:
        return TransientError(
            f"{self.current} vanished at {self.remote.where} before it got its final name. "
            "Something there may collect files too early: ask the partner to leave names that "
            "begin with a dot and end in .part alone."
        )

    def _cannot_rename(self, said: str) -> DestinationMisconfigured:
        return DestinationMisconfigured(
            f"{self.remote.where} does not rename files ({said}), so that Pigeon cannot publish "
            f"{self.final} in one step. Ask the partner for the right to rename, or set "
            "OPTIONS['publish'] to 'in-place': then a reader may see half a file."
        )

    def _cannot_replace(self) -> DestinationMisconfigured:
        return DestinationMisconfigured(
            f"{self.remote.where} cannot rename onto {self.final}, which exists. Set "
            "OPTIONS['publish'] to 'replace' (delete the old file, then rename: for a moment "
            "there is none) or to 'in-place' (a reader may see half a file)."
        )
