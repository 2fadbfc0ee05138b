"""One output is written to the disk: measured, limited and digested on the way."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from pigeon.exceptions import OutputGenerationError, OutputMakerError, PigeonError, ValidationError
from pigeon.export.hooks import disk_failed, hook_failed, local_disk
from pigeon.makers.base import BaseOutputMaker, described
from pigeon.parcel import OutputFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, StrPath

#: Files from this many bytes on are linked rather than copied, where that is possible.
LINKED = 1024 * 1024
#: Pieces with fewer bytes than this are written together.
GATHERED = 4096
#: Files with at most so many bytes are kept in memory until they are sent: up to two hundred for
#: each lane.
KEPT = 16 * 1024
#: Linked files from this many bytes on are hashed while they are sent, not before.
HASHED_LATER = 8 * 1024 * 1024
#: Nanoseconds for which a file must have been left alone for its time to tell of later changes:
#: within one tick of a file system's clock it may change again and keep the time. Where times are
#: whole seconds, ticks may be as long as that.
TICK, COARSE_TICK = 100_000_000, 2_000_000_000
#: The name that a link has for a moment; no output can have it.
LINK = ".building-link"


class Measured(io.BufferedIOBase):
    """A file to write to that knows its size and digest, and refuses to become too large.

    Args:
        target: the file, open and without a buffer: small pieces are gathered here.
        path: where it lies.
        limit: bytes it may have, ``None`` for any number.
    """

    def __init__(self, target: io.FileIO, path: StrPath, limit: int | None) -> None:
        self._target = target
        self._place = path
        self._limit = limit
        self._digest = hashlib.sha256()
        self._gathered = bytearray()
        self.size = 0
        #: All of it, if it is small enough to be kept in memory until it is sent.
        self.content: bytes | None = None
        #: When it was modified, if its digest is to be found out while it is sent; else 0.
        self.modified_ns = 0

    @property
    def _path(self) -> Path:
        return Path(self._place)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Append ``data``.

        Raises:
            ValidationError: the output would become larger than it may be.
            TransientError: our disk does not take it.
        """
        view = data if isinstance(data, bytes) else memoryview(data).cast("B")
        length = len(view)
        self._grow(length)
        if length >= GATHERED:
            self.finish()
            self._put(view)
        else:
            self._gathered += view
            if len(self._gathered) >= GATHERED:
                self.finish()
        return length

    def finish(self) -> None:
        """Write what was gathered.

        Raises:
            TransientError: our disk does not take it.
        """
        if self._gathered:
            gathered, self._gathered = self._gathered, bytearray()
            self._put(gathered)

    def _put(self, data: bytes | bytearray | memoryview) -> None:
        is_all = self.size == len(data) <= KEPT
        self.content = bytes(data) if is_all else None
        self._digest.update(data)
        try:
            written = self._target.write(data)
            left = memoryview(data).cast("B")[written:]
            while left:  # a disk that is nearly full takes a part, then says so
                left = left[self._target.write(left) :]
        except OSError as error:
            raise disk_failed(error, "Writing an output") from error

    def _grow(self, length: int) -> None:
        self.size += length
        if self._limit is not None and self.size > self._limit:
            raise ValidationError(
                f"it is larger than {self._limit} bytes. Make it smaller, or raise "
                "PIGEON_MAX_DOCUMENT_SIZE"
            )

    def take(self, source: Path) -> bool:
        """Let the large file ``source`` be the output as it is, without a copy; whether it is.

        It gets a second name, so that it stays when ``source`` is deleted or replaced. Should
        somebody write into it, its digest tells, or its time as long as nobody has read it to
        its end, and the parcel is made anew. Nothing may have been written before.

        Raises:
            ValidationError: it is larger than it may be.
            TransientError: our disk does not give it.
        """
        if self.size or source.stat().st_size < LINKED:
            return False
        link = self._path.with_name(LINK)
        try:
            link.hardlink_to(source)
            link.replace(self._path)
        except OSError:  # on another disk, or somebody else's
            link.unlink(missing_ok=True)
            return False
        with local_disk("Reading an output"), self._path.open("rb") as content:
            facts = os.fstat(content.fileno())
            # Without a time, as archives and some mounts give it, nothing would stand for it.
            stands = facts.st_mtime_ns > 0 and _is_left_alone(facts.st_mtime_ns)
            if facts.st_size >= HASHED_LATER and stands:
                self.modified_ns = facts.st_mtime_ns
                self._grow(facts.st_size)
                return True
            self._digest = hashlib.file_digest(content, "sha256")
            self._grow(content.tell())
        return True

    @property
    def sha256(self) -> str:
        """Digest of what was written, once finished; empty if it is to be found out later."""
        return "" if self.modified_ns else self._digest.hexdigest()


def write_output(maker: BaseOutputMaker, rule_name: str, path: str, target: StrPath) -> OutputFile:
    """Let ``maker`` write its output to the new file ``target``.

    Args:
        maker: the output's maker.
        rule_name: for messages.
        path: the output's relative path, for messages and the result.
        target: where it is to lie on our disk; its folder is made.

    Raises:
        OutputGenerationError: the maker failed.
        OutputMakerError: another output is a folder where this one is a file, or so.
        ValidationError: it is too large.
        TransientError: our disk does not take it.
    """
    with _created(target, path) as file:
        measured = Measured(file, target, maker.max_size)
        try:
            maker.write(cast("BinaryIO", measured))
        except ValidationError as error:
            raise ValidationError(f"{path} was refused: {error}.") from error
        except PigeonError:
            raise
        except Exception as error:
            name = f"{type(maker).__name__} for {described(maker.instance)}"
            raise hook_failed(error, OutputGenerationError, rule_name, name) from error
        measured.finish()
    return OutputFile(path, measured.size, measured.sha256, measured.modified_ns, measured.content)


def describe(directory: Path, path: str) -> OutputFile:
    """Size and digest of the file at ``directory / path``, read back."""
    with (directory / path).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return OutputFile(path, content.tell(), digest)


def _is_left_alone(modified_ns: int) -> bool:
    tick = TICK if modified_ns % 1_000_000_000 else COARSE_TICK
    return time.time_ns() - modified_ns >= tick


def _created(target: StrPath, path: str) -> io.FileIO:
    try:
        try:
            return io.FileIO(target, "x")
        except FileNotFoundError:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            return io.FileIO(target, "x")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise OutputMakerError(
            f"The output {path!r} collides with another one of the parcel, for this disk or "
            "because one is a folder of the other. Give them different names in get_filename() "
            "or get_directory()."
        ) from error
    except OSError:
        with local_disk("Creating an output"):
            raise
