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
    again, as some partners remove empty ones. What was made is remembered for a connection.
    """

    def __init__(self) -> None:
        self._made: dict[str, float] = {}
        self._making = asyncio.Lock()

    async def put(self, remote: Remote, source: Source, path: str, offset: int = 0) -> int | None:
        """``remote.put``, with the folder made if need be.

        Raises:
            DestinationMisconfigured: the folder is there, and yet the file cannot be made.
        """
        since = time.monotonic()
        try:
            return await remote.put(source, path, offset)
        except RemoteFileNotFound:
            await self.make(remote, posixpath.dirname(path), since)
        try:
            return await remote.put(source, path)
        except RemoteFileNotFound as error:
            raise DestinationMisconfigured(
                f"{remote.where} does not let Pigeon write {path}, although its folder "
                f"exists: {error}. The folder may be read-only: ask the partner for the right "
                "to write there, or correct the folder in the URL."
            ) from error

    async def make(self, remote: Remote, folder: str, since: float) -> None:
        """Make ``folder``, unless that was done after ``since``, of the monotonic clock."""
        async with self._making:
            if self._made.get(folder, since) <= since:
                await remote.make_directory(folder)
                self._made[folder] = time.monotonic()
