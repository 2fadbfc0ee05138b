"""Reading the files of a form (RFC 7578) that was received whole, without loading it."""

from __future__ import annotations

import io
import mmap
import re
from collections.abc import Iterator
from typing import IO

_FILENAME = re.compile(rb'filename="([^"]*)"', re.I)
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.I)


class _Part(io.RawIOBase):
    """The bytes of a file from ``start`` to ``end``, as a file."""

    def __init__(self, whole: IO[bytes], start: int, end: int) -> None:
        super().__init__()
        self._whole, self._position, self._end = whole, start, end

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        left = self._end - self._position
        self._whole.seek(self._position)
        found = self._whole.read(left if size < 0 else min(size, left))
        self._position += len(found)
        return found


def files_of(body: IO[bytes], content_type: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Name → content of the files in the form ``body``, in their order; fields are skipped."""
    found = _BOUNDARY.search(content_type)
    if found is None or not body.seek(0, io.SEEK_END):
        return
    border = b"\r\n--" + found[1].encode()
    with mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = len(border)  # the first border has no line feed before it
        while (end := data.find(border, start)) >= 0:
            head_end = data.find(b"\r\n\r\n", start, end)
            if name := _FILENAME.search(data[start:head_end]):
                yield _decoded(name[1]), _Part(body, head_end + 4, end)  # type: ignore[misc]
            start = end + len(border)


def _decoded(name: bytes) -> str:
    """A file's name as the HTML standard has it written."""
    text = name.decode()
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
