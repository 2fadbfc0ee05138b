"""One output is written to the disk: measured, limited and digested on the way."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from pigeon.exceptions import OutputGenerationError, OutputMakerError, ValidationError
from pigeon.export.hooks import hook, local_disk
from pigeon.makers.base import BaseOutputMaker, described
from pigeon.parcel import OutputFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Measured(io.BufferedIOBase):
    """A file to write to that knows its size and digest, and refuses to become too large.

    Args:
        target: the file.
        limit: bytes it may have, ``None`` for any number.
    """

    def __init__(self, target: BinaryIO, limit: int | None) -> None:
        self._target = target
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Append ``data``.

        Raises:
            ValidationError: the output would become larger than it may be.
            TransientError: our disk does not take it.
        """
        length = memoryview(data).nbytes
        self.size += length
        if self._limit is not None and self.size > self._limit:
            raise ValidationError(
                f"it is larger than {self._limit} bytes. Make it smaller, or raise "
                "PIGEON_MAX_DOCUMENT_SIZE"
            )
        self._digest.update(data)
        with local_disk("Writing an output"):
            self._target.write(data)
        return length

    @property
    def sha256(self) -> str:
        """Digest of what was written so far."""
        return self._digest.hexdigest()


def write_output(maker: BaseOutputMaker, rule_name: str, path: str, target: Path) -> OutputFile:
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
        measured = Measured(file, maker.max_size)
        name = f"{type(maker).__name__} for {described(maker.instance)}"
        try:
            with hook(OutputGenerationError, rule_name, name):
                maker.write(cast("BinaryIO", measured))
        except ValidationError as error:
            raise ValidationError(f"{path} was refused: {error}.") from error
        with local_disk("Writing an output"):
            file.flush()
    return OutputFile(path, measured.size, measured.sha256)


def describe(directory: Path, path: str) -> OutputFile:
    """Size and digest of the file at ``directory / path``, read back."""
    with (directory / path).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return OutputFile(path, content.tell(), digest)


def _created(target: Path, path: str) -> io.BufferedWriter:
    try:
        try:
            return target.open("xb")
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            return target.open("xb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise OutputMakerError(
            f"The output {path!r} collides with another one of the parcel, for this disk or "
            "because one is a folder of the other. Give them different names in get_filename() "
            "or get_directory()."
        ) from error
    except OSError:
        with local_disk("Creating an output"):
            raise
