"""All outputs in one ZIP archive."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, ClassVar

from pigeon.packers.base import ArchivePacker, opened
from pigeon.parcel import OutputFile

#: The earliest time that a ZIP archive can hold; every member has it.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


class ZIPPacker(ArchivePacker):
    """Sends one ``.zip`` of all outputs, folders kept, names in UTF-8, ZIP64 where needed.

    Args:
        compress: deflate the members (the default) or only store them, which is right for
            photos and videos.
    """

    extension = ".zip"
    needs_digests: ClassVar[bool] = False

    def __init__(self, *, compress: bool = True) -> None:
        self.compress = compress

    def write(self, outputs: Sequence[OutputFile], source: Path, target: BinaryIO) -> None:
        """Write the ZIP archive of ``outputs`` to ``target``."""
        with zipfile.ZipFile(target, "w") as archive:
            for output in outputs:
                with opened(source, output) as content:
                    self._add(archive, output, content)

    def _add(self, archive: zipfile.ZipFile, output: OutputFile, content: BinaryIO) -> None:
        member = zipfile.ZipInfo(output.path, _EPOCH)
        member.compress_type = zipfile.ZIP_DEFLATED if self.compress else zipfile.ZIP_STORED
        # The creating system is fixed too, or Windows and Unix would make different bytes.
        member.create_system = _UNIX
        member.external_attr = (stat.S_IFREG | 0o644) << 16
        member.file_size = output.size  # zipfile chooses ZIP64 by it
        with archive.open(member, "w") as copy:
            shutil.copyfileobj(content, copy, 1024 * 1024)
