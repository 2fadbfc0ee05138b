"""Folders at the partner, made when they turn out to be missing."""

from __future__ import annotations

import asyncio
import posixpath
import time

from pigeon.exceptions import DestinationMisconfigured
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.source import Source


class Folders:
    """Puts files, making a folder when the server says that it is missing.

    Most folders exist, so nothing is asked beforehand; and one that was there may be gone
    again, as some partners remove empty ones.

    Args:
        remote: an open connection.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._made: dict[str, float] = {}
        self._making = asyncio.Lock()

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """``Remote.put``, with the folder made if need be.

        Raises:
            DestinationMisconfigured: the folder is there, and yet the file cannot be made.
        """
        since = time.monotonic()
        try:
            return await self._remote.put(source, path, offset)
        except RemoteFileNotFound:
            await self.make(posixpath.dirname(path), since)
        try:
            return await self._remote.put(source, path)
        except RemoteFileNotFound as error:
            raise DestinationMisconfigured(
                f"{self._remote.where} does not let Pigeon write {path}, although its folder "
                f"exists: {error}. The folder may be read-only: ask the partner for the right "
                "to write there, or correct the folder in the URL."
            ) from error

    async def make(self, folder: str, since: float) -> None:
        """Make ``folder``, unless that was done after ``since``, of the monotonic clock."""
        async with self._making:
            if self._made.get(folder, since) <= since:
                await self._remote.make_directory(folder)
                self._made[folder] = time.monotonic()
