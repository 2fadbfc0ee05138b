"""The folders that one connection knows to be there."""

from __future__ import annotations

import asyncio
import posixpath

from pigeon.exceptions import DestinationMisconfigured
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.source import Source


class Folders:
    """Puts files, making a folder when the server says that it is missing.

    Most folders exist, so nothing is asked beforehand.

    Args:
        remote: an open connection.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._made: set[str] = set()
        self._making = asyncio.Lock()

    async def put(self, source: Source, path: str) -> int | None:
        """``Remote.put``, with the folder made if need be.

        Raises:
            DestinationMisconfigured: the folder is there, and yet the file cannot be made.
        """
        try:
            return await self._remote.put(source, path)
        except RemoteFileNotFound:
            await self._make(posixpath.dirname(path))
        try:
            return await self._remote.put(source, path)
        except RemoteFileNotFound as error:
            raise DestinationMisconfigured(
                f"{self._remote.where} does not let Pigeon write {path}, although its folder "
                f"exists: {error}. The folder may be read-only: ask the partner for the right "
                "to write there, or correct the folder in the URL."
            ) from error

    async def _make(self, folder: str) -> None:
        async with self._making:
            if folder not in self._made:
                await self._remote.make_directory(folder)
                self._made.add(folder)
