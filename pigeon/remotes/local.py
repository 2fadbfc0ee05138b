"""The local disk (or what is mounted there) as a remote.

Everything runs in threads, because ``fsync`` may take long. A file that is reported as put
and renamed has reached the disk.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from pigeon.destinations import Destination
from pigeon.exceptions import (
    DeliveryError,
    DestinationMisconfigured,
    PermanentError,
    TransientError,
)
from pigeon.remotes.base import (
    ChmodUnsupported,
    Remote,
    RemoteEntry,
    RemoteFileNotFound,
    RemoteStat,
    RenameTargetExists,
    RenameUnsupported,
)
from pigeon.remotes.containment import refuse_way_out
from pigeon.remotes.source import CHUNK, Source

T = TypeVar("T")

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_BAD_NAME = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
_NOT_A_FOLDER = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class LocalRemote(Remote):
    """The local disk; there is no connection, so opening and closing do nothing."""

    in_flight = 8
    connections = 1

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        # One after another, so that files appear in the order of the parcel.
        self._renaming = asyncio.Lock()

    @classmethod
    def check(cls, destination: Destination) -> list[str]:
        """Sentences about what is wrong with the URL."""
        if destination.host not in ("", "localhost") or not destination.path.startswith("/"):
            return [
                "A file URL has three slashes and an absolute path, as in file:///srv/out; "
                f"{destination.url} names a host or a relative path."
            ]
        return []

    @property
    def where(self) -> str:
        """The server as messages name it."""
        return "The local disk"

    @property
    def root(self) -> str:
        """The folder of the URL's path; it is made if it does not exist."""
        return self.destination.path.rstrip("/") or "/"

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to disconnect from."""

    async def stat(self, path: str) -> RemoteStat:
        """Facts about ``path``. Raises ``RemoteFileNotFound``."""
        return _facts(await self._do(f"look at {path}", Path(path).stat))

    async def list(self, path: str) -> AsyncGenerator[RemoteEntry, None]:
        """The entries of directory ``path``; those that vanish meanwhile are left out."""
        for entry in await self._do(f"list {path}", lambda: tuple(_entries(path))):
            yield entry

    async def get(self, path: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The content of ``path`` from ``offset``, in blocks. Raises ``RemoteFileNotFound``."""
        doing = f"read {path}"
        stream = await self._do(doing, partial(_opened, path, "rb"))
        with stream:
            stream.seek(offset)
            while data := await self._do(doing, lambda: stream.read(CHUNK)):
                yield data

    async def put(self, source: Source, path: str, offset: int = 0) -> int | None:
        """Write ``source`` to ``path`` and to the disk; see :meth:`Remote.put`."""
        doing = f"write {path}"
        if source.is_small:
            return await self._inside(path, doing, lambda: _write_small(source, path))
        stream = await self._inside(path, doing, partial(_opened, path, "wb"))
        with self._errors(doing), stream:
            async for chunk in source.chunks():
                await asyncio.to_thread(stream.write, chunk)
            return await asyncio.to_thread(_flush, stream.fileno(), stream.flush)

    async def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Rename, and write the folder to the disk. See :meth:`Remote.rename`."""
        rename = os.replace if replace else _rename_to_free_name
        async with self._renaming:
            await self._inside(new, f"rename {old} to {new}", lambda: _renamed(rename, old, new))

    async def remove(self, path: str) -> None:
        """Delete the file ``path``. Raises ``RemoteFileNotFound``."""
        await self._inside(path, f"delete {path}", Path(path).unlink)

    async def make_directory(self, path: str) -> None:
        """Create directory ``path`` and its parents; fine when it exists."""
        make = partial(Path(path).mkdir, parents=True, exist_ok=True)
        await self._inside(path, f"make the folder {path}", make)

    async def remove_directory(self, path: str) -> None:
        """Delete the empty directory ``path``: in our folder, or one that only led to it."""
        if self.root.startswith(f"{path}/"):
            await self._do(f"delete the folder {path}", Path(path).rmdir)
        else:
            await self._inside(path, f"delete the folder {path}", Path(path).rmdir)

    async def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits of ``path``. Raises ``ChmodUnsupported``."""
        change = partial(Path(path).chmod, mode)
        try:
            await self._inside(path, f"change the permissions of {path}", change)
        except DestinationMisconfigured as error:
            raise ChmodUnsupported(str(error)) from error

    async def free_space(self) -> int | None:
        """Bytes that are free for us on the disk of :attr:`root`."""
        try:
            return await self._do("ask for free space", lambda: shutil.disk_usage(self.root).free)
        except RemoteFileNotFound:
            return None  # the folder is still to be made

    async def _inside(self, path: str, doing: str, step: Callable[[], T]) -> T:
        """``step``, which changes ``path``, unless that lies outside."""

        def guarded() -> T:
            refuse_way_out(self.root, path)
            return step()

        return await self._do(doing, guarded)

    async def _do(self, doing: str, step: Callable[[], T]) -> T:
        with self._errors(doing):
            return await asyncio.to_thread(step)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise RemoteFileNotFound(str(error)) from error
        except OSError as error:
            raise _explain(error, doing) from error


def _explain(error: OSError, doing: str) -> DeliveryError:
    said = error.strerror or str(error)
    if error.errno in _FULL:
        return TransientError(f"Pigeon could not {doing}: {said}. Free some space there.")
    if error.errno in _FORBIDDEN:
        return DestinationMisconfigured(
            f"Pigeon is not allowed to {doing}: {said}. Give the user that runs Pigeon the right "
            "to write there, or correct the folder in the URL."
        )
    if error.errno in _BAD_NAME:
        return PermanentError(
            f"Pigeon could not {doing}: {said}. The file system does not take this name."
        )
    if error.errno == errno.ELOOP:
        return PermanentError(
            f"Pigeon could not {doing}: a symbolic link stands there, which it does not follow. "
            "Remove the link."
        )
    if error.errno in _NOT_A_FOLDER:
        return DestinationMisconfigured(
            f"Pigeon could not {doing}: {said}. A file stands where a folder is needed, or a "
            "folder where a file is."
        )
    return TransientError(f"Pigeon could not {doing}: {said}.")


def _opened(path: str, mode: Literal["rb", "wb"]) -> BinaryIO:
    return open(path, mode, opener=_no_link if mode == "wb" else None)


def _no_link(path: str, flags: int) -> int:
    """What we write is never another file that a link of the name points to."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _write_small(source: Source, path: str) -> int:
    data = source.read()
    with _opened(path, "wb") as stream:
        stream.write(data)
        return _flush(stream.fileno(), stream.flush)


def _flush(descriptor: int, flush: Callable[[], object]) -> int:
    """Write to the disk; returns the size."""
    flush()
    os.fsync(descriptor)
    return os.fstat(descriptor).st_size


def _renamed(rename: Callable[[str, str], object], old: str, new: str) -> None:
    rename(old, new)
    # The new name itself is on the disk only when its folder is.
    descriptor = os.open(Path(new).parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename_to_free_name(old: str, new: str) -> None:
    """A hard link fails if the name is taken, with no moment in between."""
    try:
        os.link(old, new)
    except FileExistsError as error:
        raise RenameTargetExists(new) from error
    except OSError as error:
        if error.errno in _NO_HARD_LINKS:
            raise RenameUnsupported(str(error)) from error
        raise
    Path(old).unlink()


def _entries(path: str) -> Iterator[RemoteEntry]:
    for entry in sorted(Path(path).iterdir()):
        try:
            yield RemoteEntry(entry.name, _facts(entry.stat()))
        except FileNotFoundError:
            continue


def _facts(found: os.stat_result) -> RemoteStat:
    return RemoteStat(
        size=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        is_directory=stat.S_ISDIR(found.st_mode),
    )
