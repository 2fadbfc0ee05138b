"""Looking at what a partner has, byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing

from pigeon.exceptions import DestinationMisconfigured, ParcelDamaged
from pigeon.parcel import Held, OutputFile
from pigeon.remotes.base import Remote, RemoteFileNotFound
from pigeon.remotes.source import Source


async def digest(remote: Remote, path: str, size: int) -> str:
    """The SHA-256 of the file ``path``, read back. Raises ``RemoteFileNotFound``.

    Beyond ``size`` bytes nothing more is read, as it can only be another file: a server may
    never stop.
    """
    found, seen = hashlib.sha256(), 0
    async with aclosing(remote.get(path)) as blocks:
        async for block in blocks:
            found.update(block)
            seen += len(block)
            if seen > size:
                break
    return found.hexdigest()


async def is_there(remote: Remote, path: str, file: OutputFile) -> bool | None:
    """Whether ``path`` holds exactly ``file``; ``None`` if there is nothing at all.

    The content is read back only when the size is right or unknown. What may not be read is
    not known to be ``file``.
    """
    try:
        found = await remote.stat(path)
        if found.is_directory or found.size not in (None, file.size):
            return False
        return await digest(remote, path, file.size) == file.sha256
    except DestinationMisconfigured:
        return False
    except RemoteFileNotFound:
        return None


async def holds(remote: Remote, path: str, held: Held) -> bool | None:
    """As :func:`is_there`, for what an earlier delivery put there."""
    return await is_there(remote, path, OutputFile(held.path, held.size, held.sha256))


async def bytes_in_common(remote: Remote, path: str, source: Source) -> int:
    """How many bytes at the beginning of ``path`` are those of ``source``; whole blocks only.

    Everything is read back and compared up to the first difference.

    Raises:
        RemoteFileNotFound: ``path`` is not there.
        ParcelDamaged: ``source`` is missing.
    """
    same = 0
    try:
        with source.opened() as stream:
            async with aclosing(remote.get(path)) as blocks:
                async for block in blocks:
                    if await asyncio.to_thread(stream.read, len(block)) != block:
                        break
                    same += len(block)
    except OSError as error:
        raise ParcelDamaged(f"{source.local_path} cannot be read: {error}.") from error
    return same
