"""What a remote is: one connection to a file-like server, in steps.

The order of the steps belongs to :class:`pigeon.senders.remote.RemoteSender`; a remote only
knows how to do each, and turns its library's errors into those of ``pigeon.exceptions``.
Paths are POSIX paths as the server sees them. Every call has a timeout.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pigeon.destinations import Destination
from pigeon.exceptions import PermanentError
from pigeon.remotes.library_logs import redact_logs
from pigeon.remotes.source import Source

DEFAULT_TIMEOUT = 30.0
#: A server's own words are cut to this many characters in a message.
SAID_LENGTH = 300


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


class RemoteFileNotFound(Exception):
    """The path does not exist, or its folder; with the server's words as the message.

    Only for the caller inside Pigeon, never for an operator. Servers that use one answer for
    "no such folder" and "not allowed" (FTP's 550 and 553) end here, too.
    """


class RenameTargetExists(Exception):
    """A rename without replacing found something under the new name."""


class RenameUnsupported(Exception):
    """The server cannot rename."""


class ChmodUnsupported(Exception):
    """The server cannot change permissions, or does not let us; with its words."""


class Remote(ABC):
    """One connection to a server (or the local disk).

    All errors that are the partner's or the network's are raised as
    :class:`pigeon.exceptions.DeliveryError` subclasses, with a sentence for an operator that
    names the server, what was tried and what the server said.
    """

    #: How many sequences of operations one connection carries at the same time. With 1 the
    #: protocol allows no more, whatever a destination's options say.
    in_flight: ClassVar[int] = 1
    #: Default number of connections.
    connections: ClassVar[int] = 1
    #: Options of a destination that this remote understands, beside the common ones.
    options: ClassVar[dict[str, type | tuple[type, ...]]] = {}
    #: The port where a URL names none; 0 where there is nothing to connect to.
    default_port: ClassVar[int] = 0
    #: Whether :meth:`put` can go on from an offset.
    resumes: ClassVar[bool] = False

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        redact_logs(destination)
        self.timeout = float(destination.options.get("timeout", DEFAULT_TIMEOUT))

    @property
    def broken(self) -> bool:
        """True when the connection is known to be gone."""
        return False

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        return []

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.destination.port or self.default_port

    @property
    def where(self) -> str:
        """The server as messages name it: ``host:port``."""
        host = self.destination.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def password(self) -> str:
        """The destination's password; a callable is called in a thread, as it may ask a vault.

        Raises:
            DestinationMisconfigured: the callable raised.
        """
        return await asyncio.to_thread(self.destination.get_password)

    def said(self, words: object) -> str:
        """A server's words, fit for a message: on one line, short, without our secrets.

        The sentence around them brings its own full stop.
        """
        text = " ".join(self.destination.redact(str(words)).split())
        return text[:SAID_LENGTH].rstrip(". ") or "nothing"

    @property
    @abstractmethod
    def root(self) -> str:
        """The destination's folder on the server; join paths to it with ``posixpath.join``.

        The URL's path counts from the server's root: ``sftp://host/incoming`` is
        ``/incoming``. ``/~/incoming`` counts from the folder that the login opens, which is
        also what a URL without a path means.
        """

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
    def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``, without ``.`` and ``..``."""

    @abstractmethod
    def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""

    @abstractmethod
    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path``, replacing what is there; whole on return.

        Args:
            source: what to write.
            path: where to.
            offset: bytes of ``path`` that are right already and stay; only where
                :attr:`resumes` is true, and the caller has just seen them: without them some
                servers begin the file with a hole. What is there beyond it is overwritten.

        Returns:
            The size in bytes that the server says the file has, if it said so on the way;
            ``None`` means that :meth:`stat` has to ask.

        Raises:
            RemoteFileNotFound: the directory of ``path`` does not exist.
            ParcelDamaged: what was read is not what the parcel's manifest says.
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

    async def remove_directory(self, path: str) -> None:
        """Delete the empty directory ``path``. Raises ``RemoteFileNotFound``."""
        raise PermanentError(f"{self.where} cannot delete the folder {path}.")

    async def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path``. Raises ``ChmodUnsupported``."""
        raise ChmodUnsupported("there is no way to say it")

    async def free_space(self) -> int | None:
        """Bytes that are free for us in :attr:`root`; ``None`` if nobody can tell."""
        return None

    def facts(self) -> Mapping[str, str]:
        """What is known of the open connection, for the doctor: name → words.

        Such as ``server`` (its banner), ``protocol``, ``cipher``, ``host key``,
        ``certificate``, ``session reuse``. No secrets.
        """
        return {}
