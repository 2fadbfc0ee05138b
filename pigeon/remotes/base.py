"""What a remote is: one connection to a file-like server, in steps.

The order of the steps belongs to :class:`pigeon.senders.remote.RemoteSender`; a remote only
knows how to do each, and turns its library's errors into those of ``pigeon.exceptions``.
Paths are POSIX paths as the server sees them. Every call has a timeout.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pigeon.destinations import Destination
from pigeon.parcel import OutputFile


@dataclass(frozen=True, slots=True)
class RemoteStat:
    """What the server says of one path.

    Attributes:
        size: bytes, or ``None`` if the server does not tell.
        modified: time of last modification (aware), or ``None``.
        is_directory: whether it is a directory.
    """

    size: int | None
    modified: datetime | None = None
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One line of a listing: a name inside the listed directory and its facts."""

    name: str
    stat: RemoteStat


@dataclass(frozen=True, slots=True)
class Source:
    """A file on our disk to be put, with the digest it must have.

    ``Remote.put`` must compute the SHA-256 of what it reads and raise
    :class:`pigeon.exceptions.ParcelDamaged` when size or digest are not those of ``file``, so
    that a damaged parcel is never published.
    """

    local_path: Path
    file: OutputFile


class RemoteFileNotFound(Exception):
    """The path does not exist; only for the caller inside Pigeon, never for an operator."""


class RenameTargetExists(Exception):
    """A rename without replacing found something under the new name."""


class RenameUnsupported(Exception):
    """The server cannot rename."""


class Remote(ABC):
    """One connection to a server (or the local disk).

    All errors that are the partner's or the network's are raised as
    :class:`pigeon.exceptions.DeliveryError` subclasses, with a sentence for an operator that
    names the server, what was tried and what the server said.
    """

    #: How many operations sequences one connection carries at the same time.
    in_flight: ClassVar[int] = 1
    #: Default number of connections.
    connections: ClassVar[int] = 1
    #: Options of a destination that this remote understands, beside the common ones.
    options: ClassVar[dict[str, type | tuple[type, ...]]] = {}

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return False

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        return []

    @property
    @abstractmethod
    def root(self) -> str:
        """The destination's folder on the server, without a trailing slash."""

    @abstractmethod
    async def open(self) -> None:
        """Connect and log in."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; must not raise and must not hang."""

    @abstractmethod
    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``. Raises ``RemoteFileNotFound``."""

    @abstractmethod
    def list(self, path: str) -> AsyncIterator[RemoteEntry]:
        """The entries of directory ``path``, without ``.`` and ``..``."""

    @abstractmethod
    def get(self, path: str, offset: int = 0) -> AsyncIterator[bytes]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""

    @abstractmethod
    async def put(self, source: Source, path: str) -> None:
        """Write ``source`` to ``path``, replacing what is there; whole on return.

        Raises ``RemoteFileNotFound`` when the directory of ``path`` does not exist.
        """

    @abstractmethod
    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename; with ``replace``, atomically over an existing file.

        Raises:
            RemoteFileNotFound: ``old`` does not exist.
            RenameTargetExists: ``new`` exists and could not be replaced.
            RenameUnsupported: the server has no such command.
        """

    @abstractmethod
    async def remove(self, path: str) -> None:
        """Delete the file ``path``. Raises ``RemoteFileNotFound``."""

    @abstractmethod
    async def make_directory(self, path: str) -> None:
        """Create directory ``path`` and its parents; fine when it exists."""
