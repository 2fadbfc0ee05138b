"""One file of a parcel on its way: put aside, verified, published, or taken back."""

from __future__ import annotations

import asyncio
import posixpath
import time
from contextlib import suppress
from dataclasses import dataclass, field

from pigeon.exceptions import DestinationMisconfigured, PermanentError, TransientError
from pigeon.parcel import Held, Receipt
from pigeon.remotes.base import (
    ChmodUnsupported,
    Remote,
    RemoteFileNotFound,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.source import Source
from pigeon.senders import readback
from pigeon.senders.complaints import Complaints
from pigeon.senders.folders import Folders
from pigeon.senders.manner import Manner
from pigeon.senders.names import temporary_path

#: Bytes from which on what a broken transfer left is worth going on with.
RESUME_SIZE = 8 * 1024 * 1024
#: Bytes at the end of what a broken transfer left that may have holes: several writes are under
#: way at once. What differs before that is another file.
UNSETTLED = 16 * 1024 * 1024


@dataclass(slots=True)
class Upload:
    """One file, and how far it has come.

    Attributes:
        source: what is put.
        final: its full path at the partner.
        token: of the attempt.
        may_replace: whether what stands under the final name may be replaced.
        current: the path under which it is, or will be, until it is published.
        left: the path of a temporary file of an earlier attempt that is of use.
        offset: bytes that stand there already.
        verified: how it was found to be whole, once it was.
        started: something of it may stand under ``current``.
        receipt: set when it has landed, or when it is not to land.
    """

    remote: Remote
    manner: Manner
    source: Source
    final: str
    token: str
    may_replace: bool = True
    current: str = field(init=False)
    left: str = ""
    offset: int = 0
    verified: str = ""
    started: bool = False
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        self.current = self.final if self.manner.in_place else self._temporary(self.token)

    @property
    def resumable(self) -> bool:
        """Whether half of it is worth keeping."""
        large = self.source.file.size >= RESUME_SIZE
        return large and self.remote.resumes and not self.manner.in_place

    @property
    def _say(self) -> Complaints:
        return Complaints(self.remote.where, self.final, self.current)

    def _temporary(self, token: str) -> str:
        return temporary_path(self.final, token, self.manner.temporary, self.remote.root)

    async def look_back(self, stale_tokens: tuple[str, ...]) -> None:
        """Find what earlier attempts left: the file itself, or a temporary one that is of use.

        Other temporary files of theirs are removed.
        """
        if await readback.is_there(self.remote, self.final, self.source.file):
            self._landed("found", "sha256")
        if self.manner.in_place:
            if self.receipt is not None and self.manner.chmod is not None:
                await self._chmod(self.manner.chmod)  # it comes after the last byte
            return
        for left in map(self._temporary, stale_tokens):
            if self.receipt is None and not self.left and await self._is_of_use(left):
                self.left = left
            else:
                await self._remove(left)

    async def _is_of_use(self, left: str) -> bool:
        whole = await readback.is_there(self.remote, left, self.source.file)
        if whole:
            self.verified = "sha256"
        elif whole is not None and self.resumable:
            self.offset = await self._settled(left)
        return bool(self.verified or self.offset)

    async def _settled(self, left: str) -> int:
        """How many bytes of ``left`` are right and can be built upon; 0 if it is another file."""
        with suppress(RemoteFileNotFound, DestinationMisconfigured):  # it may not be read
            size = (await self.remote.stat(left)).size
            if size and size <= self.source.file.size:
                same = await readback.bytes_in_common(self.remote, left, self.source)
                return same if same > size - UNSETTLED else 0
        return 0

    async def take_over(self) -> None:
        """Call what was left by our own token, the only one that the next attempt knows."""
        if self.left:
            await self.remote.rename(self.left, self.current, replace=False)
            self.left, self.started = "", True

    def forget_landing(self) -> None:
        """It is to be put again, although it is there."""
        if self.receipt is not None:
            self.receipt, self.verified = None, ""

    async def look_at_theirs(self, perhaps_ours: Held | None = None) -> None:
        """Without the right to replace: see whether the final name is taken.

        Args:
            perhaps_ours: what an attempt of which nobody knows how it ended may have put there.

        Raises:
            PermanentError: it is, by something else, and the option says to fail.
        """
        try:
            found = await self.remote.stat(self.final)
        except RemoteFileNotFound:
            return
        if not found.is_directory:
            if await readback.is_there(self.remote, self.final, self.source.file):
                return self._landed("found", "sha256")
            if perhaps_ours and await readback.holds(self.remote, self.final, perhaps_ours):
                self.may_replace = True
                return
            if self.manner.overwrite == "skip":
                file = self.source.file
                self.receipt = Receipt(file.path, self.final, 0, "", "skipped", "none")
                return
        raise self._say.taken()

    async def put(self, folders: Folders) -> None:
        """Put the file aside and verify it, unless that has been done before."""
        if self.receipt is not None:
            return
        if not self.verified:
            self.started = True
            if self.offset and not await self._is_long_enough():
                self.offset = 0
            size = await folders.put(self.remote, self.source, self.current, self.offset)
            if not self.source.file.sha256:  # a remote of the site's own did not read all of it
                await asyncio.to_thread(self.source.check)
            self.verified = await self._verify(size)
        if self.manner.chmod is not None:
            await self._chmod(self.manner.chmod)

    async def _is_long_enough(self) -> bool:
        """Whether what we go on with is still there: a server may begin a file with a hole."""
        try:
            return ((await self.remote.stat(self.current)).size or 0) >= self.offset
        except RemoteFileNotFound:
            return False

    async def _verify(self, size: int | None) -> str:
        try:
            if self.manner.verify == "sha256":
                await self._read_back()
            elif self.manner.verify == "size":
                if size is None:
                    size = (await self.remote.stat(self.current)).size
                self._compare(size)
        except RemoteFileNotFound as error:
            if self.manner.in_place:
                return "none"  # it was published, and the partner has taken it
            raise self._say.vanished() from error
        except DestinationMisconfigured as error:
            raise self._say.cannot_look(error, self.manner.verify) from error
        return self.manner.verify

    async def _read_back(self) -> None:
        file = self.source.file
        if await readback.digest(self.remote, self.current, file.size) != file.sha256:
            raise TransientError(
                f"{self.final} arrived damaged at {self.remote.where}: read back, its "
                "SHA-256 is another. It was not published and will be sent again."
            )

    def _compare(self, size: int | None) -> None:
        if size is None:
            raise DestinationMisconfigured("It does not tell the size of files.")
        if size != self.source.file.size:
            raise TransientError(
                f"{self.final} arrived at {self.remote.where} with {size} bytes instead of "
                f"{self.source.file.size}. It was not published and will be sent again."
            )

    async def _chmod(self, mode: int) -> None:
        try:
            await self.remote.chmod(self.current, mode)
        except ChmodUnsupported as error:
            raise self._say.cannot_chmod(mode, error) from error
        except RemoteFileNotFound as error:
            if not self.manner.in_place:
                raise self._say.vanished() from error

    async def publish(self, folders: Folders) -> Receipt:
        """Give the file its final name, in one step where the server can.

        Raises:
            DestinationMisconfigured: the server cannot; the message names the options.
            AmbiguousError: the answer was lost.
        """
        if self.receipt is None:
            try:
                self._landed(await self._rename(folders), self.verified)
            except RemoteFileNotFound as error:
                raise self._say.vanished() from error
        assert self.receipt is not None
        return self.receipt

    async def _rename(self, folders: Folders) -> str:
        if self.manner.in_place:
            return "in-place"
        if self.manner.meets_elsewhere:
            await folders.make(self.remote, posixpath.dirname(self.final), time.monotonic())
        try:
            await self._rename_at_once()
        except RenameUnsupported as error:
            raise self._say.cannot_rename(str(error)) from error
        except RenameTargetExists as error:
            if not self.may_replace:
                raise self._appeared() from error
            if self.manner.publish != "replace":
                raise self._say.cannot_replace() from error
            await self._remove(self.final)
            await self.remote.rename(self.current, self.final, replace=False)
            return "replace"
        return "rename"

    async def _rename_at_once(self) -> None:
        if self.may_replace:
            try:
                return await self.remote.rename(self.current, self.final, replace=True)
            except RenameUnsupported:
                pass
        await self.remote.rename(self.current, self.final, replace=False)

    def _appeared(self) -> PermanentError | TransientError:
        """The partner's file came after we had looked."""
        if self.manner.overwrite == "fail":
            return self._say.taken()
        return TransientError(
            f"{self.final} appeared at {self.remote.where} while Pigeon was sending the same "
            "name. It was not replaced; the next attempt looks again."
        )

    async def discard(self) -> None:
        """Remove what stands there of an upload that did not land."""
        if self.left:
            await self._remove(self.left)
        if self.started and self.receipt is None:
            await self._remove(self.current)

    async def _remove(self, path: str) -> None:
        with suppress(RemoteFileNotFound):
            await self.remote.remove(path)

    def _landed(self, published: str, verified: str) -> None:
        file = self.source.file
        self.verified = verified
        self.receipt = Receipt(file.path, self.final, file.size, file.sha256, published, verified)
