"""What is in a parcel: its text for people, and all of it as a ZIP archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from pigeon.parcel import OutputFile, Parcel

#: Bytes of a file that are shown.
MOST = 100_000
_CHUNK = 256 * 1024
#: The earliest time that a ZIP archive can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def text_of(parcel: Parcel, file: OutputFile) -> str | None:
    """The first :data:`MOST` bytes of ``file`` as text; ``None`` if it is not text.

    Raises:
        OSError: it cannot be read.
    """
    with parcel.local_path(file).open("rb") as content:
        start = content.read(MOST)
    if b"\0" in start:
        return None
    try:
        # A character cut in two at the end is left out, but not at the end of the file.
        return start.decode(errors="strict" if file.size <= MOST else "ignore")
    except UnicodeDecodeError:
        return None


def is_whole(parcel: Parcel) -> bool:
    """Whether all files of ``parcel`` lie on our disk, as far as sizes and times tell."""
    try:
        return all(each.matches(parcel.local_path(each).stat()) for each in parcel.files)
    except OSError:
        return False


def zipped(parcel: Parcel) -> Iterator[bytes]:
    """The files of ``parcel`` as a ZIP archive, in pieces, with little in memory.

    Raises:
        OSError: a file cannot be read.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in parcel.files:
            member = zipfile.ZipInfo(file.path, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.file_size = file.size  # zipfile chooses ZIP64 by it
            with parcel.local_path(file).open("rb") as content, archive.open(member, "w") as copy:
                while chunk := content.read(_CHUNK):
                    copy.write(chunk)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that can only be written, and gives away what was."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._held = bytes(self._held), bytearray()
        return taken
