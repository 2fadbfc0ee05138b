"""What all SFTP remotes have in common, whichever library speaks the protocol.

Here is what a request and its refusal mean; connecting, listing, reading and writing are the
libraries' own.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import ClassVar, Protocol, TypeVar

import asyncssh

from pigeon.destinations import Destination
from pigeon.exceptions import AmbiguousError, DestinationMisconfigured, TransientError
from pigeon.remotes import sftp_errors, sftp_login
from pigeon.remotes.base import (
    ChmodUnsupported,
    Remote,
    RemoteFileNotFound,
    RemoteStat,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.watchdog import Watchdog

T = TypeVar("T")


class Requests(Protocol):
    """The requests of the protocol, as coroutines.

    Refusals are raised as asyncssh's ``SFTPError``, an ended connection as anything else of
    asyncssh's or an ``OSError``.
    """

    def stat(self, path: str) -> Awaitable[asyncssh.SFTPAttrs]:
        """Ask for the attributes of ``path``."""

    def rename(self, oldpath: str, newpath: str) -> Awaitable[None]:
        """Rename onto a free name."""

    def posix_rename(self, oldpath: str, newpath: str) -> Awaitable[None]:
        """Rename onto any name."""

    def remove(self, path: str) -> Awaitable[None]:
        """Delete a file."""

    def mkdir(self, path: str) -> Awaitable[None]:
        """Make a folder."""

    def rmdir(self, path: str) -> Awaitable[None]:
        """Delete an empty folder."""

    def chmod(self, path: str, mode: int) -> Awaitable[None]:
        """Set permission bits."""

    def statvfs(self, path: str) -> Awaitable[asyncssh.SFTPVFSAttrs]:
        """Ask for the state of the file system of ``path``."""


class SFTPBase(Remote):
    """A remote over :class:`Requests`; subclasses set them and the watchdog in :meth:`open`."""

    options: ClassVar = sftp_login.OPTIONS
    default_port = 22
    resumes = True

    _client: Requests
    _watchdog: Watchdog

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with URL or options; no network."""
        return sftp_login.problems(destination)

    @property
    def root(self) -> str:
        """The destination's folder: absolute, or relative to the login's folder."""
        path = self.destination.path
        if path in ("", "/~"):
            return ""
        return path.removeprefix("/~/").rstrip("/") or ("" if path.startswith("/~") else "/")

    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``. Raises ``RemoteFileNotFound``."""
        return facts_of(await self._ask(self._client.stat(path), f"look at {path}"))

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename; with ``replace`` by ``posix-rename@openssh.com``. See :meth:`Remote.rename`."""
        rename = self._client.posix_rename if replace else self._client.rename
        try:
            with self._watchdog:
                await rename(old, new)
        except (*sftp_errors.UNSUPPORTED, *sftp_errors.FORBIDDEN) as error:
            # The file is our own and its folder takes new names: renaming as such is forbidden.
            raise RenameUnsupported(self.said(error)) from error
        except sftp_errors.MISSING as error:
            raise RemoteFileNotFound(old) from error
        except (asyncssh.Error, OSError) as error:
            raise await self._rename_error(error, old, new) from error

    async def _rename_error(self, error: Exception, old: str, new: str) -> Exception:
        if sftp_errors.connection_ended(error):
            return AmbiguousError(
                f"The connection to {self.where} ended before it answered the renaming of "
                f"{old} to {new}; it may or may not have been done. The next attempt looks."
            )
        # Plain rename answers "failure" to everything, most often to a name that is taken.
        failed = isinstance(error, (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists))
        if failed and await self._exists(new):
            return RenameTargetExists(self.said(error))
        return sftp_errors.explain(self, error, f"rename {old} to {new}")

    async def remove(self, path: str) -> None:
        """Delete the file ``path``. Raises ``RemoteFileNotFound``."""
        await self._ask(self._client.remove(path), f"delete {path}")

    async def make_directory(self, path: str) -> None:
        """Create directory ``path`` and its parents; fine when it exists."""
        if path in ("", "/"):
            return
        try:
            await self._make_one_directory(path)
        except RemoteFileNotFound:
            await self.make_directory(posixpath.dirname(path))
            await self._make_one_directory(path)

    async def _make_one_directory(self, path: str) -> None:
        doing = f"make the folder {path}"
        try:
            await self._ask(self._client.mkdir(path), doing)
        except (TransientError, DestinationMisconfigured):
            # Servers say "failure", and some "permission denied", for a folder that is there.
            if self.broken or not await self._is_directory(path):
                raise

    async def remove_directory(self, path: str) -> None:
        """Delete the empty directory ``path``. Raises ``RemoteFileNotFound``."""
        await self._ask(self._client.rmdir(path), f"delete the folder {path}")

    async def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path``. Raises ``ChmodUnsupported``."""
        try:
            with self._watchdog:
                await self._client.chmod(path, mode)
        except (*sftp_errors.UNSUPPORTED, *sftp_errors.FORBIDDEN) as error:
            raise ChmodUnsupported(self.said(error)) from error
        except sftp_errors.MISSING as error:
            raise RemoteFileNotFound(self.said(error)) from error
        except (asyncssh.Error, OSError) as error:
            raise self._error(error, f"change the permissions of {path}") from error

    async def free_space(self) -> int | None:
        """Bytes that are free for us in :attr:`root`, by ``statvfs@openssh.com``."""
        try:
            with self._watchdog:
                found = await self._client.statvfs(self.root or ".")
        except asyncssh.SFTPError:
            return None
        except (asyncssh.Error, OSError) as error:
            raise self._error(error, "ask for free space") from error
        return found.bavail * found.frsize

    async def _is_directory(self, path: str) -> bool:
        try:
            found = await self.stat(path)
        except RemoteFileNotFound:
            return False
        if not found.is_directory:
            raise DestinationMisconfigured(
                f"{path} at {self.where} is a file, but Pigeon needs a folder of that name. "
                "Correct the folder in the URL or the rule's get_directory, or have it removed."
            )
        return True

    async def _exists(self, path: str) -> bool:
        try:
            await self.stat(path)
        except RemoteFileNotFound:
            return False
        return True

    async def _ask(self, request: Awaitable[T], doing: str) -> T:
        """The answer to ``request``, under the watchdog, with errors in our words."""
        try:
            with self._watchdog:
                return await request
        except sftp_errors.MISSING as error:
            raise RemoteFileNotFound(self.said(error)) from error
        except (asyncssh.Error, OSError) as error:
            raise self._error(error, doing) from error

    def _error(self, error: Exception, doing: str) -> Exception:
        if self._watchdog.fired:
            return TransientError(
                f"{self.where} stopped answering for {self.timeout:g} seconds while Pigeon "
                f"tried to {doing}. The connection was closed."
            )
        return sftp_errors.explain(self, error, doing)


def facts_of(attributes: asyncssh.SFTPAttrs) -> RemoteStat:
    """What SFTP attributes say of a path."""
    modified = attributes.mtime
    return RemoteStat(
        size=attributes.size,
        modified=None if modified is None else datetime.fromtimestamp(modified, UTC),
        is_directory=attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY
        or stat.S_ISDIR(attributes.permissions or 0),
    )
