"""A file of a parcel as it is read for sending: its digest is checked on the way out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from pigeon.exceptions import ParcelDamaged
from pigeon.parcel import OutputFile

#: Files up to this many bytes are read in one go, on the loop: that costs less than a thread.
SMALL = 256 * 1024
#: Larger files are read, and hashed, in blocks of this many bytes, in a thread.
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A file on our disk to be put, with the size and digest that it must have.

    What is read is compared with ``file`` before the last byte counts as sent, so that a
    damaged parcel is never published.
    """

    local_path: Path
    file: OutputFile

    @property
    def is_small(self) -> bool:
        """Whether :meth:`read` is the way to read it; else :meth:`chunks`."""
        return self.file.size <= SMALL

    def read(self) -> bytes:
        """The whole content.

        Raises:
            ParcelDamaged: the file is missing, or is not what the manifest says.
        """
        try:
            data = self.local_path.read_bytes()
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(len(data), hashlib.sha256(data).hexdigest())
        return data

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The content in blocks of :data:`CHUNK` bytes.

        Raises:
            ParcelDamaged: the file is missing; or, after the last block, it turned out not
                to be what the manifest says.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self.local_path.open("rb") as stream:
                while chunk := await asyncio.to_thread(stream.read, CHUNK):
                    await asyncio.to_thread(digest.update, chunk)
                    size += len(chunk)
                    yield chunk
        except OSError as error:
            raise self._unreadable(error) from error
        self._compare(size, digest.hexdigest())

    def _compare(self, size: int, sha256: str) -> None:
        if (size, sha256) != (self.file.size, self.file.sha256):
            raise ParcelDamaged(
                f"{self.local_path} is not what its parcel's manifest says: {size} bytes with "
                f"SHA-256 {sha256[:12]}…, expected {self.file.size} bytes with "
                f"{self.file.sha256[:12]}…. Something changed it after it was rendered."
            )

    def _unreadable(self, error: OSError) -> ParcelDamaged:
        return ParcelDamaged(f"{self.local_path} of a stored parcel cannot be read: {error}.")
