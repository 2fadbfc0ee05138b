"""All outputs in one TAR archive."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, ClassVar, Literal, cast

from pigeon.exceptions import ConfigurationError
from pigeon.packers.base import ArchivePacker, opened
from pigeon.parcel import OutputFile

#: Seconds since 1970 of 1980-01-01 UTC, the time that every member has, as in ZIP archives.
_EPOCH = 315532800


class TARPacker(ArchivePacker):
    """Sends one ``.tar`` or ``.tar.gz`` of all outputs, folders kept, names in UTF-8.

    Args:
        compression: ``"gz"`` (the default), or ``None`` for a plain ``.tar``.

    Raises:
        ConfigurationError: another compression was asked for.
    """

    needs_digests: ClassVar[bool] = False

    def __init__(self, *, compression: Literal["gz"] | None = "gz") -> None:
        if compression not in ("gz", None):
            raise ConfigurationError(
                f"TARPacker(compression={compression!r}) is not known; use 'gz' or None."
            )
        self.compression = compression
        self.extension = ".tar.gz" if compression else ".tar"

    def write(self, outputs: Sequence[OutputFile], source: Path, target: BinaryIO) -> None:
        """Write the TAR archive of ``outputs`` to ``target``."""
        if not self.compression:
            _write(outputs, source, target)
            return
        # The header's time and file name would differ from run to run.
        with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as compressed:
            _write(outputs, source, cast("BinaryIO", compressed))


def _write(outputs: Sequence[OutputFile], source: Path, target: BinaryIO) -> None:
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for output in outputs:
            with opened(source, output) as content:
                archive.addfile(_member(output), content)


def _member(output: OutputFile) -> tarfile.TarInfo:
    member = tarfile.TarInfo(output.path)
    member.size = output.size
    member.mtime = _EPOCH
    member.mode = 0o644
    return member
