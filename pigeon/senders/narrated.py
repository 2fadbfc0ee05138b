"""A remote that tells each step it takes, for the transcript of an attempt."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from pigeon.remotes.base import Remote, RemoteStat
from pigeon.remotes.source import Source

T = TypeVar("T")


class Narrated(Remote):
    """``remote`` for the time of one delivery.

    Args:
        remote: an open connection, which several deliveries may share.
        note: takes a sentence without a full stop about each step, also of one that failed.
    """

    def __init__(self, remote: Remote, note: Callable[[str], None]) -> None:
        self.destination, self.timeout = remote.destination, remote.timeout
        self._remote, self._note = remote, note

    @property
    def resumes(self) -> bool:  # type: ignore[override]  # of each remote, not of this class
        """Whether :meth:`put` can go on from an offset."""
        return self._remote.resumes

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return self._remote.broken

    @property
    def port(self) -> int:
        """The port of the connection."""
        return self._remote.port

    @property
    def root(self) -> str:
        """The destination's folder on the server."""
        return self._remote.root

    async def open(self) -> None:
        """It is open already."""

    async def close(self) -> None:
        """Who opened it closes it."""

    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``."""
        found = await self._tell(f"look at {path}", self._remote.stat(path))
        self._note(f"{path} has {found.size} bytes")
        return found

    def list(self, path: str) -> AsyncGenerator:  # type: ignore[type-arg]
        """The entries of ``path``."""
        self._note(f"list {path}")
        return self._remote.list(path)

    def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path``."""
        self._note(f"read {path} back from byte {offset}")
        return self._remote.get(path, offset)

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path``."""
        doing = f"put {path}, {source.file.size} bytes"
        doing += f" from byte {offset}" if offset else ""
        size = await self._tell(doing, self._remote.put(source, path, offset))
        if size is not None:
            self._note(f"the server says that it has {size} bytes")
        return size

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename ``old``."""
        await self._tell(f"rename it to {new}", self._remote.rename(old, new, replace=replace))

    async def remove(self, path: str) -> None:
        """Delete ``path``."""
        await self._tell(f"delete {path}", self._remote.remove(path))

    async def make_directory(self, path: str) -> None:
        """Create the folder ``path``."""
        await self._tell(f"make the folder {path}", self._remote.make_directory(path))

    async def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path``."""
        await self._tell(f"set {mode:o} on {path}", self._remote.chmod(path, mode))

    async def _tell(self, doing: str, step: Awaitable[T]) -> T:
        try:
            result = await step
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            self._note(f"{doing}: failed, {said}")
            raise
        self._note(doing)
        return result
